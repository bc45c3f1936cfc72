-- Fills a server with keys and keeps their plaintexts: createKey with the body KEYFOLD_BENCH_CREATE, up to
-- KEYFOLD_BENCH_COUNT times, each key appended to the file KEYFOLD_BENCH_KEYS. One wrk thread only; the run ends with
-- its time even when it stopped before.
require("report")

local wanted = tonumber(os.getenv("KEYFOLD_BENCH_COUNT"))
local created = 0
local keys

function init()
  wrk.method = "POST"
  wrk.path = "/v2/keys.createKey"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEYFOLD_BENCH_ROOT_KEY")
  wrk.body = os.getenv("KEYFOLD_BENCH_CREATE")
  keys = assert(io.open(os.getenv("KEYFOLD_BENCH_KEYS"), "a"))
end

function response(status, headers, body)
  local key = status == 200 and string.match(body, '"key":"([^"]+)"')
  if key and created < wanted then
    keys:write(key, "\n")
    keys:flush()
    created = created + 1
    if created == wanted then wrk.thread:stop() end
  end
end
