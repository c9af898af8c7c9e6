/**
 * What Apollo Sandbox opens with: the way back to an account, operation by operation. Whoever tries it takes the key out of
 * the mail in the inbox.
 */
export const sandboxFlow = {
  document: `# 1. Ask for a link. The answer is the same for every address.
mutation Ask($ask: RequestPasswordResetInput!) {
  requestPasswordReset(input: $ask) {
    __typename
    ... on PasswordResetRequested { keyLifetimeSeconds }
    ... on UserError { code message }
  }
}

# 2. Read the mail at /inbox, and put what stands behind #key= into the variables "key" and "reset".
query Look($key: String!) {
  passwordResetKey(key: $key) {
    __typename
    ... on ResetKeyValid { expiresAt }
    ... on UserError { code message }
  }
}

# 3. Set the new password. The key works once.
mutation Reset($reset: ResetPasswordInput!) {
  resetPassword(input: $reset) {
    __typename
    ... on UserError { code message }
    ... on PasswordRejected { violations { rule limit actual } }
  }
}

# 4. Sign in with it.
mutation SignIn($signIn: SignInInput!) {
  signIn(input: $signIn) {
    __typename
    ... on SignedIn { accessToken }
    ... on UserError { code message }
  }
}

# 5. Who is it? Put the access token into the header: Authorization: Bearer …
query Me {
  me { id email passwordChangedAt }
}
`,
  variables: {
    ask: { email: 'try@example.com' },
    key: '',
    reset: { key: '', password: 'a quite new password' },
    signIn: { email: 'try@example.com', password: 'a quite new password' },
  },
} as const;
