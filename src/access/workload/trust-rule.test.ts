import { expect, test } from 'bun:test'
import { thrownBy } from '../../../test/support/thrown.ts'
import { parseTrustRule } from './trust-rule.ts'

const rule = {
  issuer: 'https://token.actions.githubusercontent.com',
  audience: 'https://registry.example.com',
  claims: { repository: 'acme/app' },
}

test.each<[string, Record<string, string>]>([
  ['a repository', { repository: 'acme/app' }],
  ['all repositories of an owner', { repository: 'acme/*' }],
  ['an owner by number, on some branches', { repository_owner_id: '12345', ref: 'refs/heads/**' }],
  ['a GitLab group', { namespace_path: 'acme/**' }],
  ['a subject', { sub: 'repo:acme/app:ref:refs/heads/main' }],
  ['a subject on all branches', { sub: 'repo:acme/app:ref:refs/heads/**' }],
  ['a subject’s owner', { sub: 'repo:acme/*:environment:production' }],
  ['a subject of GitLab', { sub: 'project_path:acme/app:ref_type:branch:ref:*' }],
  ['a service account', { sub: 'system:serviceaccount:builds:ci' }],
])('takes %s', (_, claims) => {
  expect(parseTrustRule({ ...rule, claims })).toEqual({ ...rule, claims })
})

test.each<[string, Record<string, string>]>([
  ['nothing but issuer and audience', {}],
  ['any repository', { repository: '*' }],
  ['any repository, in other words', { repository: '**/**' }],
  ['a repository’s name whoever owns it', { repository: '*/app' }],
  ['owners whose name only begins so', { repository: 'acme*' }],
  ['owners whose name only begins so, by itself', { repository_owner: 'acme*' }],
  ['any subject', { sub: '**' }],
  ['any repository as a subject', { sub: 'repo:*' }],
  ['any repository as a subject, with a slash', { sub: 'repo:*/*:ref:refs/heads/main' }],
  ['owners whose name only begins so, as a subject', { sub: 'repo:acme*:**' }],
  ['any branch called main', { ref: 'refs/heads/main' }],
  [
    'any job with a workflow that others published',
    { job_workflow_ref: 'acme/ci/.github/workflows/x.yml@v1' },
  ],
  ['anything that a person does, wherever', { actor: 'alice' }],
])('refuses to trust %s', (_, claims) => {
  const error = thrownBy(() => parseTrustRule({ ...rule, claims }))
  expect(error).toMatchObject({ code: 'PARAMETER_INVALID' })
  expect((error as Error).message).toContain('every job of that issuer')
})

test.each([
  ['', 'the issuer is the URL'],
  ['gitlab.com', 'the issuer is the URL'],
  ['ftp://gitlab.com', 'the issuer is the URL'],
  ['https://GitLab.com', 'the issuer is the URL'],
  ['https://gitlab.com/a/../b', 'the issuer is the URL'],
  ['https://gitlab.com:443', 'the issuer is the URL'],
  ['https://me@gitlab.com', 'the issuer is the URL'],
  ['https://gitlab.com/?a=b', 'the issuer is the URL'],
  ['https://gitlab.com/#a', 'the issuer is the URL'],
  ['https://gitlab.com/\n', 'the issuer is the URL'],
  [`https://gitlab.com/${'a'.repeat(300)}`, 'the issuer is the URL'],
])('refuses the issuer %p', (issuer, words) => {
  expect((thrownBy(() => parseTrustRule({ ...rule, issuer })) as Error).message).toContain(words)
})

test.each([
  'https://gitlab.com',
  'https://gitlab.com/',
  'https://idp.example:8443/realms/ci',
  'https://x.example/a/',
])('keeps the issuer %s to the letter', (issuer) => {
  expect(parseTrustRule({ ...rule, issuer }).issuer).toBe(issuer)
})

test.each<[Record<string, string>, string]>([
  [{ ...rule.claims, '': 'x' }, 'NAME=VALUE'],
  [{ ...rule.claims, ref: '' }, 'the claim ref has no value'],
  [{ ...rule.claims, ref: 'a\u0000b' }, 'the claim ref has no value'],
  [{ ...rule.claims, ref: '\ud800' }, 'the claim ref has no value'],
  [{ ...rule.claims, ref: 'a'.repeat(256) }, 'more than 255 characters'],
  [{ ...rule.claims, ref: 'a*'.repeat(5) }, 'more than 4 wildcards'],
  [{ ...rule.claims, iss: 'https://x.example' }, 'leave it out'],
  [{ ...rule.claims, aud: 'x' }, 'leave it out'],
  [Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`claim${at}`, 'x'])), 'at most 10 claims'],
])('refuses the claims %j', (claims, words) => {
  expect((thrownBy(() => parseTrustRule({ ...rule, claims })) as Error).message).toContain(words)
})

test('refuses to trust tokens for anybody', () => {
  const error = thrownBy(() => parseTrustRule({ ...rule, audience: '' })) as Error
  expect(error.message).toContain('the audience is missing')
})
