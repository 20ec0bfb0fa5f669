// An OpenID provider on loopback and a free port: node provider.js
//
// It is oidc-provider as it comes, with its own sign-in and consent pages, which take any user with any password. What is set
// here is what an operator would set for an API with JWT access tokens and back-channel logout. Clients register themselves
// (OpenID Connect Dynamic Client Registration), because the address of the API is not known before it runs.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(address, configuration).callback());
  console.log(`Now listening on: ${address}`);
});

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const configuration = {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'of-this-run', use: 'sig', alg: 'RS256' }] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  features: {
    backchannelLogout: { enabled: true },
    registration: { enabled: true, idFactory: (ctx) => ctx.oidc.body.client_name },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => ({ audience: resource, accessTokenFormat: 'jwt', scope: 'orders' }),
    },
  },

  // Only clients that require a session in their logout tokens have one here.
  extraTokenClaims: (ctx, token) => ({ sid: token.sid }),

  // For the answer to a logout token. The default of two and a half seconds is short for a machine that runs other tests, too.
  httpOptions: () => ({ signal: AbortSignal.timeout(30_000) }),
};
