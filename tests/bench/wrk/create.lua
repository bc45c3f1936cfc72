-- createKey with the least body, as fast as the connections allow.
require("report")

function init()
  wrk.method = "POST"
  wrk.path = "/v2/keys.createKey"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEYFOLD_BENCH_ROOT_KEY")
  wrk.body = '{"apiId":"' .. os.getenv("KEYFOLD_BENCH_API") .. '"}'
end
