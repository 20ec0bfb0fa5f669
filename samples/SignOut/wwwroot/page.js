'use strict';

// One device: its own token, kept in this page only. Nothing forgets the token on sign-out, so that you can see the API
// refuse it.
function addDevice(name) {
  const section = document.getElementById('device').content.cloneNode(true).firstElementChild;
  section.id = name;
  section.querySelector('h2').textContent = name;
  const answers = section.querySelector('.answers');
  let token = null;

  function show(request, response, detail) {
    const answer = document.createElement('li');
    answer.className = response.ok ? 'accepted' : 'refused';
    answer.textContent = `${request} → ${response.status} ${response.statusText}`;
    const small = document.createElement('small');
    small.textContent = [response.headers.get('WWW-Authenticate'), detail].filter(Boolean).join('\n');
    answer.append(small);
    answers.prepend(answer);
  }

  async function send(method, path, body) {
    const headers = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body) headers['Content-Type'] = 'application/json';
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    return { response, text };
  }

  const actions = {
    'sign-in': async () => {
      const user = document.getElementById('user').value;
      token = null;
      const { response, text } = await send('POST', '/sign-in', { user, device: name });
      if (response.ok) token = JSON.parse(text).access_token;
      section.querySelector('.token').textContent = token ?? 'No token.';
      show('POST /sign-in', response, response.ok ? `as ${user}` : text);
    },
    'call': async () => {
      const { response, text } = await send('GET', '/me');
      show('GET /me', response, response.ok ? JSON.parse(text).map(claim => `${claim.type}: ${claim.value}`).join('\n') : text);
    },
    'sign-out': async () => {
      const { response, text } = await send('POST', '/sign-out');
      show('POST /sign-out', response, text);
    },
  };

  for (const button of section.querySelectorAll('button')) {
    button.addEventListener('click', () => actions[button.dataset.action]());
  }

  document.getElementById('devices').append(section);
}

addDevice('phone');
addDevice('laptop');
