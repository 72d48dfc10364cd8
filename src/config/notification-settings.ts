import { setting } from './setting.ts'
import { addressRange, duration, type Kind, listOf } from './values.ts'

const [shortest, longest] = [100, 60_000]

/** Milliseconds. */
const attemptTime: Kind<number> = {
  allowed: 'a duration from 100ms to 60s',
  parse(text) {
    const value = duration.parse(text)
    return value !== undefined && value >= shortest && value <= longest ? value : undefined
  },
}

/** How other systems are told of what happens. */
export const notificationSettings = {
  'notifications.allow-private': setting(
    listOf(addressRange),
    '',
    'addresses and ranges that webhooks may be sent to although they are not on the internet, such as 10.1.0.0/16; others are refused, for whoever may make a webhook could reach what only this machine can',
  ),
  'notifications.timeout': setting(
    attemptTime,
    '10s',
    'how long one request to a webhook may take, from its name to its status',
  ),
  'notifications.retry-for': setting(
    duration,
    '3d',
    'how long a webhook is tried to be told of an event, less and less often; 0s: once',
  ),
  'notifications.keep': setting(
    duration,
    '7d',
    'how long it is remembered what a webhook was told, or was not',
  ),
} as const
