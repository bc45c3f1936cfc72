-- Posts the lines of the file KEYFOLD_BENCH_BODIES to KEYFOLD_BENCH_PATH in an order that no cache likes. The requests
-- are formatted before the run, so that the generator costs the same whatever server it asks.
require("report")

local requests = {}
local position = 0
local stride = 7919

function init()
  local headers = {
    ["Host"] = wrk.host,
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. os.getenv("KEYFOLD_BENCH_ROOT_KEY"),
  }
  local path = os.getenv("KEYFOLD_BENCH_PATH")
  for body in io.lines(os.getenv("KEYFOLD_BENCH_BODIES")) do
    requests[#requests + 1] = wrk.format("POST", path, headers, body)
  end
end

function request()
  position = (position + stride) % #requests
  return requests[position + 1]
end
