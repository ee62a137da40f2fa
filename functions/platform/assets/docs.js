// Shows the API's document. The URL is relative to this script's, so that it is right behind every
// base path.

const LOGINS = ["/auth/login", "/auth/refresh", "/auth/verify-email"];

const ui = SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  filter: true,
  defaultModelsExpandDepth: 0,
  // No third party checks the document.
  validatorUrl: null,
  // A login authorizes the requests after it.
  responseInterceptor: (response) => {
    const path = new URL(response.url, location.href).pathname;
    if (response.ok && LOGINS.some((login) => path.endsWith(login))) {
      const { access_token: value } = JSON.parse(response.text);
      const schema = { type: "http", scheme: "bearer" };
      ui.authActions.authorize({ bearer: { name: "bearer", schema, value } });
    }
    return response;
  },
});
