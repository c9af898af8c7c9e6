/**
 * Counts in Redis, in one step and with one name: KEYS[1] the name; ARGV[1] points to take, or, below zero, to give
 * back; ARGV[2] seconds of the window; ARGV[3] points that it allows. Answers the points that are used now, or that
 * would be, and milliseconds until the window ends.
 *
 * A call that is refused writes nothing. Giving back adds no name, and removes the name with its last point.
 */
export const countingScript = `
local points = tonumber(ARGV[1])
local found = redis.call('get', KEYS[1])
local used = tonumber(found or '0')
local left = found and redis.call('pttl', KEYS[1]) or 0
if points < 0 then
  if not found then return {0, 0} end
  if used + points <= 0 then redis.call('del', KEYS[1]) return {0, 0} end
  return {redis.call('incrby', KEYS[1], ARGV[1]), left}
end
if used + points > tonumber(ARGV[3]) then return {used + points, left} end
if not found or left < 0 then
  redis.call('set', KEYS[1], string.format('%d', used + points), 'EX', ARGV[2])
  return {used + points, 1000 * tonumber(ARGV[2])}
end
return {redis.call('incrby', KEYS[1], ARGV[1]), left}
`;

/**
 * Counts one call by several windows in one step: in all of them if each has room, else in none. KEYS the names; ARGV two
 * for each, the points and the seconds of its window. Answers 1 or 0, then for each window the points that are used now and
 * milliseconds until it ends; these are 0 for a window that has room in a call that another one refused.
 */
export const togetherScript = `
local answer = {1}
local used = {}
for index, name in ipairs(KEYS) do
  used[index] = tonumber(redis.call('get', name) or '0')
  if used[index] >= tonumber(ARGV[2 * index - 1]) then answer[1] = 0 end
end
for index, name in ipairs(KEYS) do
  local seconds = tonumber(ARGV[2 * index])
  local left = 0
  if answer[1] == 1 then
    left = used[index] > 0 and redis.call('pttl', name) or -1
    if left < 0 then
      redis.call('set', name, string.format('%d', used[index] + 1), 'EX', ARGV[2 * index])
      left = 1000 * seconds
    else
      redis.call('incr', name)
    end
    used[index] = used[index] + 1
  elseif used[index] >= tonumber(ARGV[2 * index - 1]) then
    left = math.max(0, redis.call('pttl', name))
  end
  answer[2 * index] = used[index]
  answer[2 * index + 1] = left
end
return answer
`;
