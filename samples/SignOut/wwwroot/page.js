'use strict';

// One device: its own token, kept in this page only.
const devices = [];

// After each click, asks for every device whether the API still takes its token.
async function watch() {
  await Promise.all(devices.map(device => device.refresh()));
}

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

  function keep(newToken) {
    token = newToken;
    section.querySelector('.token').textContent = token ? `Token …${token.slice(-12)}` : 'No token.';
  }

  function post(path) {
    return async () => {
      const { response, text } = await send('POST', path);
      show(`POST ${path}`, response, text);
    };
  }

  const actions = {
    'sign-in': async () => {
      const user = document.getElementById('user').value;
      keep(null);
      const { response, text } = await send('POST', '/sign-in', { user, device: name });
      if (response.ok) keep(JSON.parse(text).access_token);
      show('POST /sign-in', response, response.ok ? `as ${user}` : text);
    },
    'call': async () => {
      const { response, text } = await send('GET', '/me');
      show('GET /me', response, response.ok ? JSON.parse(text).map(claim => `${claim.type}: ${claim.value}`).join('\n') : text);
    },
    'sign-out': post('/sign-out'),
    'everywhere': post('/sign-out/everywhere'),
    'others': post('/sign-out/others'),
    'password': async () => {
      const { response, text } = await send('POST', '/password', { password: crypto.randomUUID() });
      if (response.ok) keep(JSON.parse(text).access_token);
      show('POST /password', response, response.ok ? 'a new token, and every older one is refused' : text);
    },
  };

  for (const button of section.querySelectorAll('button')) {
    button.addEventListener('click', async () => {
      await actions[button.dataset.action]();
      await watch();
    });
  }

  async function refresh() {
    const state = section.querySelector('.state');
    state.dataset.state = !token ? 'none' : (await send('GET', '/me')).response.ok ? 'accepted' : 'refused';
    state.textContent = { none: 'signed out', accepted: 'signed in', refused: 'token refused' }[state.dataset.state];
  }

  devices.push({ refresh });
  document.getElementById('devices').append(section);
}

addDevice('phone');
addDevice('laptop');
