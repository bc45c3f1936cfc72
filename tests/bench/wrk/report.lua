-- Ends a wrk run with one line "result {JSON}" for the driver.
function done(summary, latency, requests)
  local report = '{"requests":%d,"seconds":%.6f,"failed":%d,"p50Ms":%.3f,"p99Ms":%.3f}\n'
  local errors = summary.errors
  io.write("result ", report:format(summary.requests, summary.duration / 1e6,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
