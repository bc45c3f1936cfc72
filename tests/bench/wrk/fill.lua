-- Fills a server with keys and keeps their plaintexts: createKey until KEYFOLD_BENCH_COUNT keys exist, each appended
-- to the file KEYFOLD_BENCH_KEYS. One wrk thread only.
require("report")

local wanted = tonumber(os.getenv("KEYFOLD_BENCH_COUNT"))
local created = 0
local keys

function init()
  wrk.method = "POST"
  wrk.path = "/v2/keys.createKey"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEYFOLD_BENCH_ROOT_KEY")
  wrk.body = '{"apiId":"' .. os.getenv("KEYFOLD_BENCH_API") .. '"}'
  keys = assert(io.open(os.getenv("KEYFOLD_BENCH_KEYS"), "w"))
end

function response(status, headers, body)
  local key = status == 200 and string.match(body, '"key":"([^"]+)"')
  if key and created < wanted then
    keys:write(key, "\n")
    created = created + 1
    if created == wanted then
      keys:close()
      wrk.thread:stop()
    end
  end
end
