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

  function link(name, isOpen) {
    const element = section.querySelector(`[data-link=${name}]`);
    element.dataset.open = isOpen;
    element.textContent = `${name} ${isOpen ? 'open' : 'closed'}`;
  }

  function last(text) {
    section.querySelector('.last').textContent = text;
  }

  // Not an EventSource: that cannot send the token in a header.
  let events = null;

  async function listen(ownToken) {
    events?.abort();
    events = new AbortController();
    try {
      const response = await fetch('/events', { headers: { Authorization: `Bearer ${ownToken}` }, signal: events.signal });
      if (!response.ok) return;
      link('events', true);
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        if (chunk.startsWith('data: ')) last(chunk.slice('data: '.length).trim());
      }
    } catch {
      // Broken off, as it is meant to be.
    } finally {
      if (token === ownToken) link('events', false);
    }
  }

  let chat = null;

  async function join(ownToken) {
    await chat?.stop();
    chat = new signalR.HubConnectionBuilder()
      .withUrl('/chat', { accessTokenFactory: () => ownToken, skipNegotiation: true, transport: signalR.HttpTransportType.WebSockets })
      .configureLogging(signalR.LogLevel.None)
      .build();
    chat.on('said', (user, text) => last(`${user}: ${text}`));
    chat.onclose(() => { if (token === ownToken) link('chat', false); });
    await chat.start();
    link('chat', true);
  }

  section.querySelector('.chat').addEventListener('submit', async event => {
    event.preventDefault();
    const text = event.target.elements.text.value;
    event.target.reset();
    await chat?.invoke('Say', text).catch(() => last('Nobody hears it: the chat is closed.'));
  });

  function keep(newToken) {
    token = newToken;
    if (token) {
      listen(token);
      join(token).catch(() => link('chat', false));
    }
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

  for (const button of section.querySelectorAll('button[data-action]')) {
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
