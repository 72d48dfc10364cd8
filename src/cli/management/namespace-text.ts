import type { Namespace } from '../../client/access-management.ts'

export function namespaceText(namespace: Namespace): string {
  return `namespace         ${namespace.name}
owner             ${ownerText(namespace)}
new repositories  ${namespace.defaultVisibility}
`
}

export function ownerText({ ownerKind, owner }: Namespace): string {
  return ownerKind === 'administrators' ? 'the administrators' : `the ${ownerKind} ${owner}`
}
