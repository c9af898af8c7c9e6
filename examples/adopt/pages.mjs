/** @param forgot where "Forgot password?" leads. */
export function signInPage({ forgot, email = '', isRefused = false }) {
  return page(
    'Sign in',
    `${isRefused ? '<p role="alert">This address and password do not belong together.</p>' : ''}
    <form method="post" action="/sign-in">
      <label>E-mail <input name="email" type="email" autocomplete="username" required value="${escaped(email)}"></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button>Sign in</button>
    </form>
    <p><a id="forgot" href="${escaped(forgot)}">Forgot password?</a></p>`,
  );
}

/** @param browsers how many are signed in. */
export function homePage({ name, browsers }) {
  return page(
    `Hello ${name}`,
    `<p id="browsers">You are signed in on ${browsers} ${browsers === 1 ? 'browser' : 'browsers'}.</p>
    <form method="post" action="/sign-out"><button>Sign out</button></form>`,
  );
}

function page(title, body) {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${escaped(title)} - Fernhill Books</title>
    <link rel="icon" href="data:,">
    <style>
      body { font: 1rem/1.6 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto; padding: 0 1rem }
      label, button { display: block; margin: 1rem 0 }
      input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .4rem }
    </style>
  </head>
  <body>
    <p>Fernhill Books</p>
    <h1>${escaped(title)}</h1>
    ${body}
  </body>
</html>
`;
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text) {
  return text.replace(/[&<>"']/g, (each) => entities[each]);
}
