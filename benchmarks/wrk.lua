-- Send the requests of a file, separated by NUL bytes, one after another, and print the result.
local requests, sent = {}, 0

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    for text in file:read("*a"):gmatch("%Z+") do
        requests[#requests + 1] = text
    end
    file:close()
end

function request()
    sent = sent + 1
    return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"answered": %d, "failed": %d, "seconds": %.6f, "p99_ms": %.3f}\n',
        summary.requests,
        errors.connect + errors.read + errors.write + errors.timeout + errors.status,
        summary.duration / 1e6,
        latency:percentile(99) / 1e3
    ))
end
