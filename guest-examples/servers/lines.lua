-- Prints "line 1" to "line COUNT" and what it has computed so far: tables, closures, coroutines, strings.
local seen = {}
local squares = coroutine.wrap(function()
    local number = 0
    while true do
        number = number + 1
        coroutine.yield(number * number)
    end
end)
io.stdout:setvbuf("line")
for number = 1, tonumber(arg[1]) do
    seen[#seen % 50 + 1] = string.rep(tostring(squares()), 5)
    local sum = 0
    for _, text in ipairs(seen) do
        for digit in text:gmatch("%d") do sum = sum + tonumber(digit) end
    end
    for _ = 1, 20 do table.sort(seen) end
    print("line " .. number, sum, #table.concat(seen))
end
