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
