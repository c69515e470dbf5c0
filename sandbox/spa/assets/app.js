// build/sdks/typescript/dist/core/bodySerializer.gen.js
var serializeFormDataPair = (data, key, value) => {
  if (typeof value === "string" || value instanceof Blob) {
    data.append(key, value);
  } else if (value instanceof Date) {
    data.append(key, value.toISOString());
  } else {
    data.append(key, JSON.stringify(value));
  }
};
var formDataBodySerializer = {
  bodySerializer: (body) => {
    const data = new FormData();
    Object.entries(body).forEach(([key, value]) => {
      if (value === void 0 || value === null) {
        return;
      }
      if (Array.isArray(value)) {
        value.forEach((v) => serializeFormDataPair(data, key, v));
      } else {
        serializeFormDataPair(data, key, value);
      }
    });
    return data;
  }
};
var jsonBodySerializer = {
  bodySerializer: (body) => JSON.stringify(body, (_key, value) => typeof value === "bigint" ? value.toString() : value)
};

// build/sdks/typescript/dist/core/serverSentEvents.gen.js
function createSseClient({ onRequest, onSseError, onSseEvent, responseTransformer, responseValidator, sseDefaultRetryDelay, sseMaxRetryAttempts, sseMaxRetryDelay, sseSleepFn, url, ...options }) {
  let lastEventId;
  const sleep = sseSleepFn ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  const createStream = async function* () {
    let retryDelay = sseDefaultRetryDelay ?? 3e3;
    let attempt = 0;
    const signal = options.signal ?? new AbortController().signal;
    while (true) {
      if (signal.aborted)
        break;
      attempt++;
      const headers = options.headers instanceof Headers ? options.headers : new Headers(options.headers);
      if (lastEventId !== void 0) {
        headers.set("Last-Event-ID", lastEventId);
      }
      try {
        const requestInit = {
          redirect: "follow",
          ...options,
          body: options.serializedBody,
          headers,
          signal
        };
        let request = new Request(url, requestInit);
        if (onRequest) {
          request = await onRequest(url, requestInit);
        }
        const _fetch = options.fetch ?? globalThis.fetch;
        const response = await _fetch(request);
        if (!response.ok)
          throw new Error(`SSE failed: ${response.status} ${response.statusText}`);
        if (!response.body)
          throw new Error("No body in SSE response");
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let buffer = "";
        const abortHandler = () => {
          try {
            reader.cancel();
          } catch {
          }
        };
        signal.addEventListener("abort", abortHandler);
        try {
          while (true) {
            const { done, value } = await reader.read();
            if (done)
              break;
            buffer += value;
            buffer = buffer.replace(/\r\n?/g, "\n");
            const chunks = buffer.split("\n\n");
            buffer = chunks.pop() ?? "";
            for (const chunk of chunks) {
              const lines = chunk.split("\n");
              const dataLines = [];
              let eventName;
              for (const line of lines) {
                if (line.startsWith("data:")) {
                  dataLines.push(line.replace(/^data:\s*/, ""));
                } else if (line.startsWith("event:")) {
                  eventName = line.replace(/^event:\s*/, "");
                } else if (line.startsWith("id:")) {
                  lastEventId = line.replace(/^id:\s*/, "");
                } else if (line.startsWith("retry:")) {
                  const parsed = Number.parseInt(line.replace(/^retry:\s*/, ""), 10);
                  if (!Number.isNaN(parsed)) {
                    retryDelay = parsed;
                  }
                }
              }
              let data;
              let parsedJson = false;
              if (dataLines.length) {
                const rawData = dataLines.join("\n");
                try {
                  data = JSON.parse(rawData);
                  parsedJson = true;
                } catch {
                  data = rawData;
                }
              }
              if (parsedJson) {
                if (responseValidator) {
                  await responseValidator(data);
                }
                if (responseTransformer) {
                  data = await responseTransformer(data);
                }
              }
              onSseEvent?.({
                data,
                event: eventName,
                id: lastEventId,
                retry: retryDelay
              });
              if (dataLines.length) {
                yield data;
              }
            }
          }
        } finally {
          signal.removeEventListener("abort", abortHandler);
          reader.releaseLock();
        }
        break;
      } catch (error) {
        onSseError?.(error);
        if (sseMaxRetryAttempts !== void 0 && attempt >= sseMaxRetryAttempts) {
          break;
        }
        const backoff = Math.min(retryDelay * 2 ** (attempt - 1), sseMaxRetryDelay ?? 3e4);
        await sleep(backoff);
      }
    }
  };
  const stream = createStream();
  return { stream };
}

// build/sdks/typescript/dist/core/pathSerializer.gen.js
var separatorArrayExplode = (style) => {
  switch (style) {
    case "label":
      return ".";
    case "matrix":
      return ";";
    case "simple":
      return ",";
    default:
      return "&";
  }
};
var separatorArrayNoExplode = (style) => {
  switch (style) {
    case "form":
      return ",";
    case "pipeDelimited":
      return "|";
    case "spaceDelimited":
      return "%20";
    default:
      return ",";
  }
};
var separatorObjectExplode = (style) => {
  switch (style) {
    case "label":
      return ".";
    case "matrix":
      return ";";
    case "simple":
      return ",";
    default:
      return "&";
  }
};
var serializeArrayParam = ({ allowReserved, explode, name, style, value }) => {
  if (!explode) {
    const joinedValues2 = (allowReserved ? value : value.map((v) => encodeURIComponent(v))).join(separatorArrayNoExplode(style));
    switch (style) {
      case "label":
        return `.${joinedValues2}`;
      case "matrix":
        return `;${name}=${joinedValues2}`;
      case "simple":
        return joinedValues2;
      default:
        return `${name}=${joinedValues2}`;
    }
  }
  const separator = separatorArrayExplode(style);
  const joinedValues = value.map((v) => {
    if (style === "label" || style === "simple") {
      return allowReserved ? v : encodeURIComponent(v);
    }
    return serializePrimitiveParam({
      allowReserved,
      name,
      value: v
    });
  }).join(separator);
  return style === "label" || style === "matrix" ? separator + joinedValues : joinedValues;
};
var serializePrimitiveParam = ({ allowReserved, name, value }) => {
  if (value === void 0 || value === null) {
    return "";
  }
  if (typeof value === "object") {
    throw new Error("Deeply-nested arrays/objects aren’t supported. Provide your own `querySerializer()` to handle these.");
  }
  return `${name}=${allowReserved ? value : encodeURIComponent(value)}`;
};
var serializeObjectParam = ({ allowReserved, explode, name, style, value, valueOnly }) => {
  if (value instanceof Date) {
    return valueOnly ? value.toISOString() : `${name}=${value.toISOString()}`;
  }
  if (style !== "deepObject" && !explode) {
    let values = [];
    Object.entries(value).forEach(([key, v]) => {
      values = [...values, key, allowReserved ? v : encodeURIComponent(v)];
    });
    const joinedValues2 = values.join(",");
    switch (style) {
      case "form":
        return `${name}=${joinedValues2}`;
      case "label":
        return `.${joinedValues2}`;
      case "matrix":
        return `;${name}=${joinedValues2}`;
      default:
        return joinedValues2;
    }
  }
  const separator = separatorObjectExplode(style);
  const joinedValues = Object.entries(value).map(([key, v]) => serializePrimitiveParam({
    allowReserved,
    name: style === "deepObject" ? `${name}[${key}]` : key,
    value: v
  })).join(separator);
  return style === "label" || style === "matrix" ? separator + joinedValues : joinedValues;
};

// build/sdks/typescript/dist/core/utils.gen.js
var PATH_PARAM_RE = /\{[^{}]+\}/g;
var defaultPathSerializer = ({ path, url: _url }) => {
  let url = _url;
  const matches = _url.match(PATH_PARAM_RE);
  if (matches) {
    for (const match of matches) {
      let explode = false;
      let name = match.substring(1, match.length - 1);
      let style = "simple";
      if (name.endsWith("*")) {
        explode = true;
        name = name.substring(0, name.length - 1);
      }
      if (name.startsWith(".")) {
        name = name.substring(1);
        style = "label";
      } else if (name.startsWith(";")) {
        name = name.substring(1);
        style = "matrix";
      }
      const value = path[name];
      if (value === void 0 || value === null) {
        continue;
      }
      if (Array.isArray(value)) {
        url = url.replace(match, serializeArrayParam({ explode, name, style, value }));
        continue;
      }
      if (typeof value === "object") {
        url = url.replace(match, serializeObjectParam({
          explode,
          name,
          style,
          value,
          valueOnly: true
        }));
        continue;
      }
      if (style === "matrix") {
        url = url.replace(match, `;${serializePrimitiveParam({
          name,
          value
        })}`);
        continue;
      }
      const replaceValue = encodeURIComponent(style === "label" ? `.${value}` : value);
      url = url.replace(match, replaceValue);
    }
  }
  return url;
};
var getUrl = ({ baseUrl, path, query, querySerializer, url: _url }) => {
  const pathUrl = _url.startsWith("/") ? _url : `/${_url}`;
  let url = (baseUrl ?? "") + pathUrl;
  if (path) {
    url = defaultPathSerializer({ path, url });
  }
  let search = query ? querySerializer(query) : "";
  if (search.startsWith("?")) {
    search = search.substring(1);
  }
  if (search) {
    url += `?${search}`;
  }
  return url;
};
function getValidRequestBody(options) {
  const hasBody = options.body !== void 0;
  const isSerializedBody = hasBody && options.bodySerializer;
  if (isSerializedBody) {
    if ("serializedBody" in options) {
      const hasSerializedBody = options.serializedBody !== void 0 && options.serializedBody !== "";
      return hasSerializedBody ? options.serializedBody : null;
    }
    return options.body !== "" ? options.body : null;
  }
  if (hasBody) {
    return options.body;
  }
  return void 0;
}

// build/sdks/typescript/dist/core/auth.gen.js
var getAuthToken = async (auth, callback) => {
  const token = typeof callback === "function" ? await callback(auth) : callback;
  if (!token) {
    return;
  }
  if (auth.scheme === "bearer") {
    return `Bearer ${token}`;
  }
  if (auth.scheme === "basic") {
    return `Basic ${btoa(token)}`;
  }
  return token;
};

// build/sdks/typescript/dist/client/utils.gen.js
var createQuerySerializer = ({ parameters = {}, ...args } = {}) => {
  const querySerializer = (queryParams) => {
    const search = [];
    if (queryParams && typeof queryParams === "object") {
      for (const name in queryParams) {
        const value = queryParams[name];
        if (value === void 0 || value === null) {
          continue;
        }
        const options = parameters[name] || args;
        if (Array.isArray(value)) {
          const serializedArray = serializeArrayParam({
            allowReserved: options.allowReserved,
            explode: true,
            name,
            style: "form",
            value,
            ...options.array
          });
          if (serializedArray)
            search.push(serializedArray);
        } else if (typeof value === "object") {
          const serializedObject = serializeObjectParam({
            allowReserved: options.allowReserved,
            explode: true,
            name,
            style: "deepObject",
            value,
            ...options.object
          });
          if (serializedObject)
            search.push(serializedObject);
        } else {
          const serializedPrimitive = serializePrimitiveParam({
            allowReserved: options.allowReserved,
            name,
            value
          });
          if (serializedPrimitive)
            search.push(serializedPrimitive);
        }
      }
    }
    return search.join("&");
  };
  return querySerializer;
};
var getParseAs = (contentType) => {
  if (!contentType) {
    return "stream";
  }
  const cleanContent = contentType.split(";")[0]?.trim();
  if (!cleanContent) {
    return;
  }
  if (cleanContent.startsWith("application/json") || cleanContent.endsWith("+json")) {
    return "json";
  }
  if (cleanContent === "multipart/form-data") {
    return "formData";
  }
  if (["application/", "audio/", "image/", "video/"].some((type) => cleanContent.startsWith(type))) {
    return "blob";
  }
  if (cleanContent.startsWith("text/")) {
    return "text";
  }
  return;
};
var checkForExistence = (options, name) => {
  if (!name) {
    return false;
  }
  if (options.headers.has(name) || options.query?.[name] || options.headers.get("Cookie")?.includes(`${name}=`)) {
    return true;
  }
  return false;
};
async function setAuthParams(options) {
  for (const auth of options.security ?? []) {
    if (checkForExistence(options, auth.name)) {
      continue;
    }
    const token = await getAuthToken(auth, options.auth);
    if (!token) {
      continue;
    }
    const name = auth.name ?? "Authorization";
    switch (auth.in) {
      case "query":
        if (!options.query) {
          options.query = {};
        }
        options.query[name] = token;
        break;
      case "cookie":
        options.headers.append("Cookie", `${name}=${token}`);
        break;
      case "header":
      default:
        options.headers.set(name, token);
        break;
    }
  }
}
var buildUrl = (options) => getUrl({
  baseUrl: options.baseUrl,
  path: options.path,
  query: options.query,
  querySerializer: typeof options.querySerializer === "function" ? options.querySerializer : createQuerySerializer(options.querySerializer),
  url: options.url
});
var mergeConfigs = (a, b) => {
  const config = { ...a, ...b };
  if (config.baseUrl?.endsWith("/")) {
    config.baseUrl = config.baseUrl.substring(0, config.baseUrl.length - 1);
  }
  config.headers = mergeHeaders(a.headers, b.headers);
  return config;
};
var headersEntries = (headers) => {
  const entries = [];
  headers.forEach((value, key) => {
    entries.push([key, value]);
  });
  return entries;
};
var mergeHeaders = (...headers) => {
  const mergedHeaders = new Headers();
  for (const header of headers) {
    if (!header) {
      continue;
    }
    const iterator = header instanceof Headers ? headersEntries(header) : Object.entries(header);
    for (const [key, value] of iterator) {
      if (value === null) {
        mergedHeaders.delete(key);
      } else if (Array.isArray(value)) {
        for (const v of value) {
          mergedHeaders.append(key, v);
        }
      } else if (value !== void 0) {
        mergedHeaders.set(key, typeof value === "object" ? JSON.stringify(value) : value);
      }
    }
  }
  return mergedHeaders;
};
var Interceptors = class {
  fns = [];
  clear() {
    this.fns = [];
  }
  eject(id) {
    const index = this.getInterceptorIndex(id);
    if (this.fns[index]) {
      this.fns[index] = null;
    }
  }
  exists(id) {
    const index = this.getInterceptorIndex(id);
    return Boolean(this.fns[index]);
  }
  getInterceptorIndex(id) {
    if (typeof id === "number") {
      return this.fns[id] ? id : -1;
    }
    return this.fns.indexOf(id);
  }
  update(id, fn) {
    const index = this.getInterceptorIndex(id);
    if (this.fns[index]) {
      this.fns[index] = fn;
      return id;
    }
    return false;
  }
  use(fn) {
    this.fns.push(fn);
    return this.fns.length - 1;
  }
};
var createInterceptors = () => ({
  error: new Interceptors(),
  request: new Interceptors(),
  response: new Interceptors()
});
var defaultQuerySerializer = createQuerySerializer({
  allowReserved: false,
  array: {
    explode: true,
    style: "form"
  },
  object: {
    explode: true,
    style: "deepObject"
  }
});
var defaultHeaders = {
  "Content-Type": "application/json"
};
var createConfig = (override = {}) => ({
  ...jsonBodySerializer,
  headers: defaultHeaders,
  parseAs: "auto",
  querySerializer: defaultQuerySerializer,
  ...override
});

// build/sdks/typescript/dist/client/client.gen.js
var createClient = (config = {}) => {
  let _config = mergeConfigs(createConfig(), config);
  const getConfig = () => ({ ..._config });
  const setConfig = (config2) => {
    _config = mergeConfigs(_config, config2);
    return getConfig();
  };
  const interceptors = createInterceptors();
  const beforeRequest = async (options) => {
    const opts = {
      ..._config,
      ...options,
      fetch: options.fetch ?? _config.fetch ?? globalThis.fetch,
      headers: mergeHeaders(_config.headers, options.headers),
      serializedBody: void 0
    };
    if (opts.security) {
      await setAuthParams(opts);
    }
    if (opts.requestValidator) {
      await opts.requestValidator(opts);
    }
    if (opts.body !== void 0 && opts.bodySerializer) {
      opts.serializedBody = opts.bodySerializer(opts.body);
    }
    if (opts.body === void 0 || opts.serializedBody === "") {
      opts.headers.delete("Content-Type");
    }
    const resolvedOpts = opts;
    const url = buildUrl(resolvedOpts);
    return { opts: resolvedOpts, url };
  };
  const request = async (options) => {
    const throwOnError = options.throwOnError ?? _config.throwOnError;
    const responseStyle = options.responseStyle ?? _config.responseStyle;
    let request2;
    let response;
    try {
      const { opts, url } = await beforeRequest(options);
      const requestInit = {
        redirect: "follow",
        ...opts,
        body: getValidRequestBody(opts)
      };
      request2 = new Request(url, requestInit);
      for (const fn of interceptors.request.fns) {
        if (fn) {
          request2 = await fn(request2, opts);
        }
      }
      const _fetch = opts.fetch;
      response = await _fetch(request2);
      for (const fn of interceptors.response.fns) {
        if (fn) {
          response = await fn(response, request2, opts);
        }
      }
      const result = {
        request: request2,
        response
      };
      if (response.ok) {
        const parseAs = (opts.parseAs === "auto" ? getParseAs(response.headers.get("Content-Type")) : opts.parseAs) ?? "json";
        if (response.status === 204 || response.headers.get("Content-Length") === "0") {
          let emptyData;
          switch (parseAs) {
            case "arrayBuffer":
            case "blob":
            case "text":
              emptyData = await response[parseAs]();
              break;
            case "formData":
              emptyData = new FormData();
              break;
            case "stream":
              emptyData = response.body;
              break;
            case "json":
            default:
              emptyData = {};
              break;
          }
          return opts.responseStyle === "data" ? emptyData : {
            data: emptyData,
            ...result
          };
        }
        let data;
        switch (parseAs) {
          case "arrayBuffer":
          case "blob":
          case "formData":
          case "text":
            data = await response[parseAs]();
            break;
          case "json": {
            const text = await response.text();
            data = text ? JSON.parse(text) : {};
            break;
          }
          case "stream":
            return opts.responseStyle === "data" ? response.body : {
              data: response.body,
              ...result
            };
        }
        if (parseAs === "json") {
          if (opts.responseValidator) {
            await opts.responseValidator(data);
          }
          if (opts.responseTransformer) {
            data = await opts.responseTransformer(data);
          }
        }
        return opts.responseStyle === "data" ? data : {
          data,
          ...result
        };
      }
      const textError = await response.text();
      let jsonError;
      try {
        jsonError = JSON.parse(textError);
      } catch {
      }
      throw jsonError ?? textError;
    } catch (error) {
      let finalError = error;
      for (const fn of interceptors.error.fns) {
        if (fn) {
          finalError = await fn(finalError, response, request2, options);
        }
      }
      finalError = finalError || {};
      if (throwOnError) {
        throw finalError;
      }
      return responseStyle === "data" ? void 0 : {
        error: finalError,
        request: request2,
        response
      };
    }
  };
  const makeMethodFn = (method) => (options) => request({ ...options, method });
  const makeSseFn = (method) => async (options) => {
    const { opts, url } = await beforeRequest(options);
    return createSseClient({
      ...opts,
      body: opts.body,
      method,
      onRequest: async (url2, init) => {
        let request2 = new Request(url2, init);
        for (const fn of interceptors.request.fns) {
          if (fn) {
            request2 = await fn(request2, opts);
          }
        }
        return request2;
      },
      serializedBody: getValidRequestBody(opts),
      url
    });
  };
  const _buildUrl = (options) => buildUrl({ ..._config, ...options });
  return {
    buildUrl: _buildUrl,
    connect: makeMethodFn("CONNECT"),
    delete: makeMethodFn("DELETE"),
    get: makeMethodFn("GET"),
    getConfig,
    head: makeMethodFn("HEAD"),
    interceptors,
    options: makeMethodFn("OPTIONS"),
    patch: makeMethodFn("PATCH"),
    post: makeMethodFn("POST"),
    put: makeMethodFn("PUT"),
    request,
    setConfig,
    sse: {
      connect: makeSseFn("CONNECT"),
      delete: makeSseFn("DELETE"),
      get: makeSseFn("GET"),
      head: makeSseFn("HEAD"),
      options: makeSseFn("OPTIONS"),
      patch: makeSseFn("PATCH"),
      post: makeSseFn("POST"),
      put: makeSseFn("PUT"),
      trace: makeSseFn("TRACE")
    },
    trace: makeMethodFn("TRACE")
  };
};

// build/sdks/typescript/dist/client.gen.js
var client = createClient(createConfig({ baseUrl: "http://127.0.0.1:8000" }));

// build/sdks/typescript/dist/sdk.gen.js
var Terms = class {
  static list(options) {
    return (options?.client ?? client).get({ url: "/v1/terms", ...options });
  }
};
var BusinessVerifications = class {
  static create(options) {
    return (options.client ?? client).post({
      url: "/v1/business-verifications",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var IdentityVerifications = class {
  static start(options) {
    return (options.client ?? client).post({
      url: "/v1/identity-verifications",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static resend(options) {
    return (options.client ?? client).post({
      url: "/v1/identity-verifications/{verification_id}/resend",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static confirm(options) {
    return (options.client ?? client).post({
      url: "/v1/identity-verifications/{verification_id}/confirm",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static getStatus(options) {
    return (options.client ?? client).post({
      url: "/v1/identity-verifications/{verification_id}/status",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Accounts = class {
  static signUpCorporate(options) {
    return (options.client ?? client).post({
      url: "/v1/accounts/corporate",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static signUpIndividual(options) {
    return (options.client ?? client).post({
      url: "/v1/accounts/individual",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var CorporateInvitations = class {
  static preview(options) {
    return (options.client ?? client).post({
      url: "/v1/corporate-invitations/preview",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static resend(options) {
    return (options.client ?? client).post({
      url: "/v1/corporate-invitations/resend",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Auth = class {
  static logIn(options) {
    return (options.client ?? client).post({
      url: "/v1/auth/login",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static refresh(options) {
    return (options.client ?? client).post({
      url: "/v1/auth/refresh",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static logOut(options) {
    return (options?.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/auth/logout",
      ...options
    });
  }
  static stepUp(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/auth/step-up",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static startSocial(options) {
    return (options.client ?? client).get({ url: "/v1/auth/social/{provider}", ...options });
  }
  static completeSocial(options) {
    return (options.client ?? client).post({
      url: "/v1/auth/social/{provider}/callback",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static findLoginId(options) {
    return (options.client ?? client).post({
      url: "/v1/auth/find-login-id",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static resetPassword(options) {
    return (options.client ?? client).post({
      url: "/v1/auth/password-resets",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static endOtherSessions(options) {
    return (options?.client ?? client).delete({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/auth/sessions",
      ...options
    });
  }
  static listSessions(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/auth/sessions",
      ...options
    });
  }
  static endSession(options) {
    return (options.client ?? client).delete({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/auth/sessions/{session_id}",
      ...options
    });
  }
};
var EmailVerifications = class {
  static send(options) {
    return (options?.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/email-verifications",
      ...options
    });
  }
  static confirm(options) {
    return (options.client ?? client).post({
      url: "/v1/email-verifications/confirm",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Me = class {
  static listSignIns(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/sign-ins",
      ...options
    });
  }
  static withdraw(options) {
    return (options?.client ?? client).delete({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me",
      ...options
    });
  }
  static get(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me",
      ...options
    });
  }
  static update(options) {
    return (options.client ?? client).patch({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static getNotificationPreferences(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/notification-preferences",
      ...options
    });
  }
  static setNotificationPreferences(options) {
    return (options.client ?? client).put({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/notification-preferences",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static changePassword(options) {
    return (options.client ?? client).put({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/password",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static changePhone(options) {
    return (options.client ?? client).put({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/phone",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static getConsents(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/consents",
      ...options
    });
  }
  static updateConsents(options) {
    return (options.client ?? client).patch({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/consents",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static exportData(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/export",
      ...options
    });
  }
  static listLinks(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/links",
      ...options
    });
  }
  static addSocialLink(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/links",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static removeLink(options) {
    return (options.client ?? client).delete({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/me/links/{link_id}",
      ...options
    });
  }
};
var Sso = class {
  static startGroupwareSignIn(options) {
    return (options?.client ?? client).get({ url: "/v1/sso/groupware/start", ...options });
  }
  static returnFromGroupware(options) {
    return (options?.client ?? client).get({ url: "/v1/sso/groupware/callback", ...options });
  }
  static exchangeCode(options) {
    return (options.client ?? client).post({
      url: "/v1/sso/exchange",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static linkGroupwareUser(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/sso/links",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static inviteCorporateAccount(options) {
    return (options.client ?? client).post({
      url: "/v1/sso/corporate-invitations",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Home = class {
  static get(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/home",
      ...options
    });
  }
};
var MarketingAnswers = class {
  static create(options) {
    return (options.client ?? client).post({
      url: "/v1/marketing-answers",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Users = class {
  static list(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/users",
      ...options
    });
  }
  static remove(options) {
    return (options.client ?? client).delete({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/users/{user_id}",
      ...options
    });
  }
  static update(options) {
    return (options.client ?? client).patch({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/users/{user_id}",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Invitations = class {
  static list(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/invitations",
      ...options
    });
  }
  static create(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/invitations",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static resend(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/invitations/{invitation_id}/resend",
      ...options
    });
  }
  static approve(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/invitations/{invitation_id}/approve",
      ...options
    });
  }
  static cancel(options) {
    return (options.client ?? client).delete({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/invitations/{invitation_id}",
      ...options
    });
  }
  static preview(options) {
    return (options.client ?? client).post({
      url: "/v1/invitations/preview",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static accept(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/invitations/accept",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Handovers = class {
  static preview(options) {
    return (options.client ?? client).post({
      url: "/v1/handovers/preview",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static accept(options) {
    return (options.client ?? client).post({
      url: "/v1/handovers/accept",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var AssistedHandovers = class {
  static askFor(options) {
    return (options.client ?? client).post({
      ...formDataBodySerializer,
      url: "/v1/assisted-handovers",
      ...options,
      headers: {
        "Content-Type": null,
        ...options.headers
      }
    });
  }
  static preview(options) {
    return (options.client ?? client).post({
      url: "/v1/assisted-handovers/preview",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static agreeTo(options) {
    return (options.client ?? client).post({
      url: "/v1/assisted-handovers/agree",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static objectTo(options) {
    return (options.client ?? client).post({
      url: "/v1/assisted-handovers/object",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Catalogue = class {
  static get(options) {
    return (options?.client ?? client).get({ url: "/v1/catalogue", ...options });
  }
};
var PricePreviews = class {
  static create(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/price-previews",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Quotes = class {
  static list(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/quotes",
      ...options
    });
  }
  static create(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/quotes",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static claim(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/quotes/claim",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static get(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/quotes/{quote_id}",
      ...options
    });
  }
  static getPdf(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/quotes/{quote_id}/pdf",
      ...options
    });
  }
};
var Orders = class {
  static export(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/export",
      ...options
    });
  }
  static getExport(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/exports/{export_id}",
      ...options
    });
  }
  static getExportFile(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/exports/{export_id}/file",
      ...options
    });
  }
  static list(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders",
      ...options
    });
  }
  static create(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static get(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/{order_id}",
      ...options
    });
  }
  static cancel(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/{order_id}/cancel",
      ...options
    });
  }
  static chooseItemSite(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/{order_id}/items/{item_id}/site",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static getConfirmation(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/{order_id}/confirmation",
      ...options
    });
  }
  static getTransactionConfirmation(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/{order_id}/transaction-confirmation",
      ...options
    });
  }
  static changePaymentMethod(options) {
    return (options.client ?? client).put({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/{order_id}/payment-method",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static startPayment(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/orders/{order_id}/payments",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Payments = class {
  static get(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/payments/{payment_id}",
      ...options
    });
  }
  static complete(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/payments/{payment_id}/complete",
      ...options
    });
  }
};
var Memberships = class {
  static list(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships",
      ...options
    });
  }
  static get(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}",
      ...options
    });
  }
  static update(options) {
    return (options.client ?? client).patch({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static undoScheduledChange(options) {
    return (options.client ?? client).delete({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}/scheduled-change",
      ...options
    });
  }
  static getScheduledChange(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}/scheduled-change",
      ...options
    });
  }
  static scheduleChange(options) {
    return (options.client ?? client).put({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}/scheduled-change",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static previewScheduledChange(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}/scheduled-change/preview",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static previewTermination(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}/termination-preview",
      ...options
    });
  }
  static undoTermination(options) {
    return (options.client ?? client).delete({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}/termination",
      ...options
    });
  }
  static requestTermination(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}/termination",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static getUpcoming(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}/upcoming",
      ...options
    });
  }
  static agreeToRenewalPrice(options) {
    return (options.client ?? client).put({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/memberships/{membership_id}/renewal-consent",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var SystemStatus = class {
  static list(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/system-status",
      ...options
    });
  }
  static get(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/system-status/{site_id}",
      ...options
    });
  }
  static getUsageHistory(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/system-status/{site_id}/history",
      ...options
    });
  }
  static switchAccounting(options) {
    return (options.client ?? client).put({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/system-status/{site_id}/accounting",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var FaqCategories = class {
  static list(options) {
    return (options?.client ?? client).get({ url: "/v1/faq-categories", ...options });
  }
};
var Faqs = class {
  static list(options) {
    return (options?.client ?? client).get({ url: "/v1/faqs", ...options });
  }
  static get(options) {
    return (options.client ?? client).get({ url: "/v1/faqs/{faq_id}", ...options });
  }
  static rate(options) {
    return (options.client ?? client).post({
      url: "/v1/faqs/{faq_id}/feedback",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Support = class {
  static get(options) {
    return (options?.client ?? client).get({ url: "/v1/support", ...options });
  }
};
var InquiryForms = class {
  static list(options) {
    return (options?.client ?? client).get({ url: "/v1/inquiry-forms", ...options });
  }
};
var Inquiries = class {
  static list(options) {
    return (options?.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/inquiries",
      ...options
    });
  }
  static create(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/inquiries",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static open(options) {
    return (options.client ?? client).post({
      url: "/v1/inquiries/open",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static reply(options) {
    return (options.client ?? client).post({
      url: "/v1/inquiries/open/messages",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static get(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/inquiries/{inquiry_id}",
      ...options
    });
  }
  static addMessage(options) {
    return (options.client ?? client).post({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/inquiries/{inquiry_id}/messages",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
  static getAttachment(options) {
    return (options.client ?? client).get({
      security: [{ scheme: "bearer", type: "http" }],
      url: "/v1/inquiries/{inquiry_id}/attachments/{attachment_id}",
      ...options
    });
  }
};
var AttachmentTickets = class {
  static create(options) {
    return (options.client ?? client).post({
      url: "/v1/attachment-tickets",
      ...options,
      headers: {
        "Content-Type": "application/json",
        ...options.headers
      }
    });
  }
};
var Attachments = class {
  static send(options) {
    return (options.client ?? client).put({
      bodySerializer: null,
      url: "/v1/attachments/{ticket}",
      ...options,
      headers: {
        "Content-Type": "application/octet-stream",
        ...options.headers
      }
    });
  }
};

// sandbox/spa/src/store.ts
var KEY = "portal.pending.";
var INTENT = "portal.intent.";
var MINUTES = 60;
function keep(name, value) {
  const until = Date.now() + MINUTES * 6e4;
  sessionStorage.setItem(KEY + name, JSON.stringify({ value, until }));
}
function peek(name) {
  const { value, until } = JSON.parse(sessionStorage.getItem(KEY + name) ?? "{}");
  return until > Date.now() ? value : void 0;
}
function drop(name) {
  sessionStorage.removeItem(KEY + name);
}
function dropEverything() {
  sessionStorage.clear();
}
function intent(name, wish) {
  const wanted = JSON.stringify(wish);
  const kept = JSON.parse(sessionStorage.getItem(INTENT + name) ?? "null");
  if (kept?.wanted === wanted) return { "Idempotency-Key": kept.key };
  const key = crypto.randomUUID();
  sessionStorage.setItem(INTENT + name, JSON.stringify({ wanted, key }));
  return { "Idempotency-Key": key };
}
function intentDone(name) {
  sessionStorage.removeItem(INTENT + name);
}
function takeFromAddress() {
  const query = new URLSearchParams(location.search);
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (location.search || location.hash) history.replaceState(null, "", location.pathname);
  return (name) => query.get(name) ?? fragment.get(name);
}

// sandbox/spa/src/portal.ts
var PORTAL = document.querySelector('meta[name="portal-url"]').content;
var BROWSER = "BROWSER";
var SIGNED_IN = "portal.signed-in";
var SECONDS = 30;
var accessToken = null;
var known = null;
var isSignedIn = () => accessToken !== null;
var Problem = class extends Error {
  constructor(status, said2) {
    super(String(said2["title"] ?? ""));
    this.status = status;
    this.code = String(said2["code"] ?? "unknown");
    this.detail = String(said2["detail"] ?? said2["title"] ?? "");
    this.requestId = typeof said2["request_id"] === "string" ? said2["request_id"] : null;
    this.fields = Array.isArray(said2["errors"]) ? said2["errors"] : [];
  }
  status;
  code;
  detail;
  requestId;
  fields;
};
var UNREACHABLE = {
  code: "unreachable",
  title: "고객포털에 연결할 수 없습니다.",
  detail: "고객포털에 연결할 수 없습니다. 입력한 내용은 그대로 있습니다. 잠시 후 다시 시도해 주세요."
};
var NOT_JSON = {
  code: "unavailable",
  title: "고객포털이 잠시 응답하지 않습니다.",
  detail: "고객포털이 잠시 응답하지 않습니다. 잠시 후 다시 시도해 주세요."
};
var SESSION_ENDED = {
  code: "session_ended",
  title: "로그인이 만료되었습니다.",
  detail: "로그인이 만료되었습니다. 다시 로그인해 주세요."
};
async function reach(request) {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(SECONDS * 1e3) });
  } catch {
    throw new Problem(0, UNREACHABLE);
  }
}
async function send(input2, init) {
  const request = new Request(input2, init);
  const chosen = peek("company");
  if (chosen && request.headers.has("Authorization")) request.headers.set("X-Company-Id", chosen);
  const again = request.clone();
  const answer2 = await reach(request);
  if (answer2.status !== 401 || !request.headers.has("Authorization")) return answer2;
  const said2 = await answer2.clone().json().catch(() => ({}));
  if (said2.code !== "not_authenticated") return answer2;
  accessToken = null;
  if (!await resume()) {
    dispatchEvent(new Event("session-ended"));
    throw new Problem(401, SESSION_ENDED);
  }
  again.headers.set("Authorization", `Bearer ${accessToken}`);
  return reach(again);
}
client.setConfig({
  baseUrl: PORTAL,
  credentials: "include",
  headers: { "Accept-Language": "ko" },
  auth: () => accessToken ?? void 0,
  fetch: send
});
async function ask(call) {
  const { data, error, response } = await call;
  if (error === void 0) return data;
  if (error instanceof Problem) throw error;
  const isProblem = typeof error === "object" && error !== null && "code" in error;
  throw new Problem(response?.status ?? 0, isProblem ? { ...error } : NOT_JSON);
}
function keepSession(session) {
  accessToken = session.access_token;
  localStorage.setItem(SIGNED_IN, "1");
  known = null;
  dispatchEvent(new Event("session"));
}
function forgetSession() {
  accessToken = null;
  known = null;
  localStorage.removeItem(SIGNED_IN);
  dispatchEvent(new Event("session"));
}
async function signOut() {
  await ask(Auth.logOut()).catch(() => void 0);
  dropEverything();
  forgetSession();
}
var renewing = null;
function resume() {
  if (accessToken) return Promise.resolve(true);
  if (!localStorage.getItem(SIGNED_IN)) return Promise.resolve(false);
  renewing ??= inTurn();
  return renewing;
}
async function inTurn() {
  try {
    return await navigator.locks.request("portal.refresh", renew);
  } finally {
    renewing = null;
  }
}
async function renew() {
  try {
    keepSession(await ask(Auth.refresh({ body: { client_type: BROWSER } })));
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    forgetSession();
    return false;
  }
}
function me({ changed = false } = {}) {
  if (changed || known === null) {
    known = ask(Me.get());
    known.catch(() => {
      known = null;
    });
  }
  return known;
}
async function owner() {
  const { account, company } = await me();
  return `${account.kind}:${account.login_id ?? account.email ?? ""}:${company?.id ?? ""}`;
}

// sandbox/spa/src/ui.ts
function flat(children) {
  return children.flat(Infinity).filter((one) => one != null && one !== false);
}
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, String(value));
  }
  made.append(...flat(children));
  return made;
}
function show(title, children, { wide = false } = {}) {
  const page = document.querySelector("#page");
  page.classList.toggle("wide", wide);
  page.removeAttribute("aria-busy");
  page.replaceChildren(el("h1", {}, title), ...flat(children));
  document.title = `${title} · 다우오피스 고객포털`;
  page.focus({ preventScroll: true });
  scrollTo(0, 0);
}
function field(label, attributes, hint) {
  const need2 = attributes["required"] ? el("span", { class: "need", "aria-hidden": "true" }, " *") : null;
  return el("label", { class: "field" }, label, need2, el("input", attributes), hint && el("small", { class: "hint" }, hint));
}
function choose(label, attributes, options, chosen) {
  return el(
    "label",
    { class: "field" },
    label,
    el("select", attributes, options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)))
  );
}
function panel(title, ...children) {
  return el("section", { class: "panel" }, title && el("h2", {}, title), children);
}
function notice(title, text) {
  return el("section", { class: "panel notice", role: "status" }, el("p", {}, el("strong", {}, title)), text && el("p", {}, text));
}
function facts(...pairs) {
  return el("dl", { class: "facts" }, pairs.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}
function table(caption, heads, rows2) {
  return el("div", { class: "table" }, el(
    "table",
    {},
    el("caption", { class: "only-heard" }, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => head ? el("th", { scope: "col" }, head) : el("td", {})))),
    el("tbody", {}, rows2.map((cells) => el("tr", {}, cells.map((cell, at) => el("td", { "data-head": heads[at] ?? "" }, cell)))))
  ));
}
function input(form2, name) {
  return form2.elements.namedItem(name);
}
function valueOf(form2, name) {
  return input(form2, name).value.trim();
}
var won = (amount) => `${amount.toLocaleString("ko-KR")}원`;
var time = (at) => new Date(at).toLocaleString("ko-KR", { timeZone: "Asia/Seoul", dateStyle: "medium", timeStyle: "short" });
var day = (on) => on ? on.slice(0, 10).replaceAll("-", ".") : "-";
function words(problem) {
  if (problem instanceof Problem) {
    const fields = problem.fields.map(({ field: name, message }) => `${name}: ${message}`).join(" ");
    const asked = problem.status >= 500 && problem.requestId ? ` (문의 번호 ${problem.requestId})` : "";
    return { code: problem.code, text: [problem.detail, fields].filter(Boolean).join(" ") + asked };
  }
  console.error(problem);
  return { code: "unknown", text: "잠시 후 다시 시도해 주세요." };
}
var working = /* @__PURE__ */ new WeakSet();
async function busy(host, work) {
  if (working.has(host)) return void 0;
  working.add(host);
  host.querySelector(":scope > .alert")?.remove();
  host.setAttribute("aria-busy", "true");
  const buttons = [...host.querySelectorAll("button")].filter((button2) => !button2.disabled);
  for (const button2 of buttons) button2.disabled = true;
  try {
    return await work();
  } catch (problem) {
    const { code, text } = words(problem);
    if (code === "session_ended") return void 0;
    const alert = el("p", { class: "alert", role: "alert", "data-code": code }, text);
    host.prepend(alert);
    alert.scrollIntoView({ block: "nearest" });
    return void 0;
  } finally {
    working.delete(host);
    host.removeAttribute("aria-busy");
    for (const button2 of buttons) button2.disabled = false;
  }
}
function form(onsubmit, ...children) {
  const made = el("form", {}, children);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(made, () => onsubmit(made));
  });
  return made;
}
function button(label, host, work, attributes = {}) {
  return el("button", { type: "button", ...attributes, onclick: () => busy(host(), work) }, label);
}
function popup(title, build, { kicker = "" } = {}) {
  const box = el("dialog", { "aria-label": title });
  const close = () => {
    box.close();
    box.remove();
  };
  box.append(...flat([kicker && el("p", { class: "kicker" }, kicker), el("h2", {}, title), build(close)]));
  box.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(box);
  box.showModal();
  return box;
}
function download(blob, name) {
  const address = URL.createObjectURL(blob);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1e4);
}

// sandbox/spa/src/pages/terms.ts
function termsList(terms, allLabel) {
  const all = el("input", { type: "checkbox", name: "all" });
  const boxes = terms.map((term) => el("input", { type: "checkbox", name: `term-${term.kind}`, required: term.required }));
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  for (const box of boxes) box.addEventListener("change", () => {
    all.checked = boxes.every((one) => one.checked);
  });
  return el(
    "div",
    { class: "terms" },
    el("label", { class: "check all" }, all, allLabel),
    terms.map((term, index) => el(
      "div",
      {},
      el("label", { class: "check" }, boxes[index], el("span", {}, said(term, term.required))),
      el("details", {}, el("summary", { "aria-label": `${term.title} 내용보기` }, "내용보기"), el("p", {}, term.body))
    ))
  );
}
var said = (term, needed) => `(${needed ? "필수" : "선택"}) ${term.title}`;
function need(form2, terms, kinds) {
  for (const term of terms) {
    const box = input(form2, `term-${term.kind}`);
    box.required = kinds.includes(term.kind);
    box.nextElementSibling.textContent = said(term, box.required);
  }
}
function consentsOf(form2, terms) {
  return terms.map((term) => ({ kind: term.kind, version: term.version, agreed: input(form2, `term-${term.kind}`).checked }));
}

// sandbox/spa/src/pages/identity.ts
var CARRIERS = [
  ["SKT", "SKT"],
  ["KT", "KT"],
  ["LGU", "LG U+"],
  ["SKT_MVNO", "SKT 알뜰폰"],
  ["KT_MVNO", "KT 알뜰폰"],
  ["LGU_MVNO", "LG U+ 알뜰폰"]
];
async function identitySection(verified, purpose = "SIGN_UP") {
  const terms = (await ask(Terms.list({ query: { use: "IDENTITY" } }))).items;
  const box = panel("휴대폰 본인인증");
  const start = el(
    "form",
    {},
    el(
      "div",
      { class: "pair" },
      field("이름", { name: "name", required: true, autocomplete: "name" }),
      field("생년월일", { name: "birth_date", type: "date", required: true, autocomplete: "bday" })
    ),
    el(
      "div",
      { class: "pair" },
      field("주민등록번호 뒤 첫 자리", { name: "gender_digit", inputmode: "numeric", pattern: "[0-9]", maxlength: 1, required: true, autocomplete: "off" }),
      choose("통신사", { name: "carrier" }, CARRIERS)
    ),
    field("휴대전화", { name: "phone", inputmode: "tel", required: true, autocomplete: "tel", placeholder: "010-1234-5678" }),
    termsList(terms, "본인인증 약관 동의(전체)"),
    el("div", { class: "actions" }, el("button", { class: "primary" }, "인증번호 받기"))
  );
  start.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(box, async () => {
      const body = {
        purpose,
        method: "SMS",
        carrier: valueOf(start, "carrier"),
        name: valueOf(start, "name"),
        birth_date: valueOf(start, "birth_date"),
        gender_digit: valueOf(start, "gender_digit"),
        phone: valueOf(start, "phone"),
        consents: consentsOf(start, terms)
      };
      askForCode(box, await ask(IdentityVerifications.start({ body })), verified);
    });
  });
  box.append(start);
  return box;
}
function askForCode(box, started, verified) {
  const confirm = el(
    "form",
    {},
    el("p", {}, "문자로 받은 인증번호를 입력해 주세요."),
    el(
      "div",
      { class: "row" },
      field("인증번호", { name: "otp", inputmode: "numeric", pattern: "[0-9]{4,8}", required: true, autocomplete: "one-time-code" }),
      el("button", { class: "primary" }, "확인")
    )
  );
  confirm.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(box, async () => {
      const done = await ask(IdentityVerifications.confirm({
        path: { verification_id: started.id },
        body: { client_secret: started.client_secret, otp: valueOf(confirm, "otp") }
      }));
      box.replaceChildren(
        el("h2", {}, "휴대폰 본인인증"),
        el("p", { class: "done" }, "✓ 본인인증을 완료했습니다."),
        el("p", { class: "soft" }, `${done.name_masked} · ${done.phone_masked}`)
      );
      verified(done.verification_token ?? "");
    });
  });
  box.querySelector("form").replaceWith(confirm);
  input(confirm, "otp").focus();
}

// sandbox/spa/src/pages/handover.ts
var acceptHandover = async ({ address }) => {
  if (address("token")) keep("handover", address("token"));
  const token = peek("handover");
  if (!token) return show("대표 계정 인계", [panel(null, el("p", { role: "alert" }, "인계 메일의 링크를 다시 눌러 주세요."))]);
  const offered = await ask(Handovers.preview({ body: { token } }));
  const terms = (await ask(Terms.list({ query: { use: "SIGN_UP" } }))).items;
  let person = "";
  const submit = el("button", { class: "primary", disabled: true }, "인계받기");
  const identity2 = await identitySection((verified) => {
    person = verified;
    submit.disabled = false;
  }, "HANDOVER");
  const accept = async (rest) => {
    await ask(Handovers.accept({ body: { token, identity_verification_token: person, password: input(rest, "password").value, consents: consentsOf(rest, terms) } }));
    drop("handover");
    show("대표 계정을 인계받았습니다", [panel(null, el("p", { class: "done" }, `✓ ${offered.company_name}의 담당자가 바뀌었습니다.`)), el("a", { class: "button", href: "/spa/login" }, "로그인")]);
  };
  show("대표 계정 인계", [
    el("section", { class: "panel notice" }, el("p", {}, `${offered.company_name}의 회사 대표 계정을 ${offered.name_masked}님이 인계받습니다.`)),
    identity2,
    form(
      accept,
      panel("새 비밀번호", field("비밀번호", { name: "password", type: "password", required: true, minlength: 10, autocomplete: "new-password" }, "10자 이상. 아이디는 그대로입니다.")),
      panel("가입 약관 동의", termsList(terms, "서비스 약관 동의(전체)")),
      el("div", { class: "actions" }, submit)
    )
  ]);
};

// sandbox/spa/src/pages/objection.ts
var TITLE = "대표 계정 인계 신청";
var answerHandover = async ({ address }) => {
  const token = address("token");
  if (!token) return show(TITLE, [panel(null, el("p", { role: "alert" }, "메일의 링크를 다시 눌러 주세요."))]);
  const asked = await ask(AssistedHandovers.preview({ body: { token } }));
  const box = el("div", {});
  const answer2 = (agrees) => () => busy(box, async () => {
    await (agrees ? ask(AssistedHandovers.agreeTo({ body: { token } })) : ask(AssistedHandovers.objectTo({ body: { token } })));
    const done = agrees ? "인계에 동의했습니다. 운영자의 확인이 끝나면 인계됩니다." : "이의를 제기했습니다. 인계 신청은 반려되었습니다.";
    show(TITLE, [panel(null, el("p", { class: "done" }, `✓ ${done}`))]);
  });
  box.append(el(
    "div",
    { class: "actions" },
    el("button", { class: "primary", onclick: answer2(false) }, "이의 제기"),
    el("button", { onclick: answer2(true) }, "동의")
  ));
  show(TITLE, [
    notice(
      `${asked.name_masked}님이 ${asked.company_name}의 회사 대표 계정을 넘겨받겠다고 신청했습니다.`,
      `${time(asked.waits_until)}까지 이의를 제기하지 않으면 운영자의 확인을 거쳐 인계될 수 있습니다.`
    ),
    box
  ]);
};

// sandbox/spa/src/pages/home.ts
var ROLES = {
  SUPER_ADMIN: "회사 대표 계정 (SUPER ADMIN)",
  ADMIN: "관리자 (ADMIN)",
  PROSPECT: "기업회원 (도입 전)",
  CLOSED: "기업회원 (해지)",
  MEMBER: "개인회원"
};
var STEPS = {
  COMPLETE_COMPANY_INFORMATION: ["회사 법인정보를 입력해 주세요."],
  CREATE_INDIVIDUAL_ACCOUNT: ["담당자 본인의 개인회원 계정을 만들어 주세요."],
  INVITE_ADMIN: ["사용자 초대/관리에서 관리자를 초대해 주세요.", "/company/users"],
  ACCEPT_INVITATION: ["메일로 받은 초대를 수락해 주세요."],
  LINK_GROUPWARE: ["다우오피스의 와플 메뉴에서 고객포털을 눌러 연동해 주세요."],
  VERIFY_EMAIL: ["메일의 링크로 이메일을 확인해 주세요."],
  PAY_ORDER: ["결제하지 않은 주문이 있습니다.", "/orders"]
};
var REASONS = {
  invitation_required: "아직 기업회원의 초대가 없어 관리자 권한이 없습니다. 초대를 받으면 관리자로 이용하실 수 있습니다."
};
async function home({ go: go2, notice: notice2 }) {
  if (!await resume()) return go2(peek("invitation") ? "/invitations/accept" : "/login");
  const [me2, found] = await Promise.all([me({ changed: true }), ask(Home.get())]);
  const company = me2.company ?? me2.companies[0];
  show(
    `${me2.account.name ?? me2.account.login_id ?? ""}님, 환영합니다!`,
    [
      notice2 && notice(notice2.title, notice2.text),
      found.maintenance.map((one) => panel(one.title, el("p", {}, one.body), el("p", { class: "soft" }, `${time(one.starts_at)} ~ ${time(one.ends_at)}`))),
      found.notices.map((one) => panel(one.title, el("p", {}, one.body))),
      me2.companies.length > 1 && companies(me2, go2),
      membership(found),
      me2.next_steps.length > 0 && panel("다음 할 일", el("ol", { class: "steps" }, me2.next_steps.map((step) => {
        const [text, path] = STEPS[step] ?? [step];
        return el("li", {}, path ? el("a", { href: `/spa${path}` }, text) : text);
      }))),
      found.plan_cards.length > 0 && panel("서비스 신청", el("div", { class: "cards" }, found.plan_cards.map((card2) => el(
        "div",
        { class: "card" },
        el("h3", {}, card2.title),
        el("p", { class: "soft" }, card2.label),
        el("p", {}, card2.unit_price ? `사용자당 월 ${won(card2.unit_price)} (VAT 별도)` : "무료"),
        el("a", { class: "button", href: `/spa${card2.path}`, "aria-label": `${card2.title} ${card2.action}` }, card2.action)
      )))),
      found.faq_tags.length > 0 && panel("자주 묻는 질문", el("p", { class: "tags" }, found.faq_tags.map((tag) => el("a", { class: "tag", href: `/spa/faq?category=${encodeURIComponent(tag.code)}` }, tag.tag)))),
      panel("내 정보", facts(
        ["회원", el("span", { class: "tag", id: "role" }, ROLES[me2.role ?? ""] ?? "회사를 선택하세요")],
        ["아이디", me2.account.login_id ?? "소셜 로그인"],
        ["이메일", `${me2.account.email ?? ""}${me2.account.email_verified ? "" : " (미확인)"}`],
        ["휴대전화", me2.account.phone_masked ?? ""],
        ...company ? [["회사", company.name]] : [],
        ["새 알림", `${found.unread_notifications}건`]
      ))
    ],
    { wide: true }
  );
}
function membership({ membership: held, sites }) {
  if (!held) return null;
  const { membership: one, options } = held;
  return panel(
    "이용 중인 멤버십",
    facts(
      ["사이트", one.site.name],
      ["멤버십", el("span", {}, `${one.plan_label} `, el("span", { class: "tag" }, one.status_label))],
      ["사용자", `${one.users.total}명`],
      ["용량", `${one.storage_gb.total}GB`],
      ["부가서비스", `${options}개`],
      ["이용기간", `${day(one.starts_on)} ~ ${day(one.expires_on)}`],
      ...one.next_charge ? [["다음 결제", `${day(one.next_charge.on)} · ${won(one.next_charge.amount)}`]] : []
    ),
    el(
      "div",
      { class: "actions" },
      el("a", { class: "button", href: "/spa/memberships" }, sites && sites > 1 ? `멤버십현황 (사이트 ${sites}개)` : "멤버십현황"),
      held.may_order && el("a", { class: "button", href: `/spa/orders/change?membership=${one.id}` }, "추가/연장주문")
    )
  );
}
function companies(me2, go2) {
  const chosen = peek("company") ?? me2.company?.id ?? "";
  const options = me2.companies.map(({ id, name }) => [id, name]);
  const change = (event) => {
    const { value } = event.target;
    if (value) keep("company", value);
    else drop("company");
    dispatchEvent(new Event("session"));
    return go2("/");
  };
  return panel("회사 선택", choose("회사", { onchange: change }, [["", "선택하세요"], ...options], chosen));
}
function whyNoRole(reason) {
  return REASONS[reason ?? ""] ?? "";
}

// sandbox/spa/src/pages/invitation.ts
var acceptInvitation = async ({ go: go2, address }) => {
  if (address("token")) keep("invitation", address("token"));
  const token = peek("invitation");
  if (!token) return show("초대장", [panel(null, el("p", { role: "alert" }, "초대 메일의 링크를 다시 눌러 주세요."))]);
  const invited = await ask(Invitations.preview({ body: { token } }));
  const box = el("div", {});
  if (await resume()) {
    const accept = () => busy(box, async () => {
      const done = await ask(Invitations.accept({ body: { token } }));
      drop("invitation");
      history.replaceState(null, "", "/spa/");
      const waits = done.state === "APPROVAL_PENDING";
      await home({ go: go2, notice: { title: waits ? "기업회원의 승인을 기다리고 있습니다." : `${done.company_name}의 관리자가 되었습니다.` } });
    });
    box.append(el("div", { class: "actions" }, el("button", { class: "primary", onclick: accept }, "초대 수락")));
  } else {
    box.append(
      el("p", { class: "hint" }, "개인회원으로 로그인하거나 가입한 뒤 수락합니다."),
      el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/login" }, "로그인"), el("a", { class: "button", href: "/spa/sign-up" }, "회원가입"))
    );
  }
  show("관리자로 초대받았습니다", [
    panel(null, facts(["회사", invited.company_name], ["이름", invited.name], ["이메일", invited.email_masked], ["유효기간", time(invited.expires_at)])),
    box
  ]);
};

// sandbox/spa/src/pages/quote.ts
var claimQuote = async ({ address }) => {
  if (address("token")) keep("quote", { number: address("number"), token: address("token") });
  const quote = peek("quote");
  if (!quote) return show("견적 가져오기", [panel(null, el("p", { role: "alert" }, "견적 메일의 링크를 다시 눌러 주세요."))]);
  const box = panel(null, el("p", {}, `견적 ${quote.number}을(를) 회사의 견적으로 가져옵니다.`));
  if (!await resume()) {
    box.append(el("p", { class: "hint" }, "주문할 회사의 계정으로 로그인한 뒤 메일의 링크를 다시 눌러 주세요."), el("a", { class: "button", href: "/spa/login" }, "로그인"));
    return show("견적 가져오기", [box]);
  }
  const claim = () => busy(box, async () => {
    const claimed = await ask(Quotes.claim({ body: quote }));
    drop("quote");
    show("견적을 가져왔습니다", [panel(null, el("p", { class: "done" }, `✓ ${claimed.number} · ${won(claimed.total)}`))]);
  });
  box.append(el("div", { class: "actions" }, el("button", { class: "primary", onclick: claim }, "가져오기")));
  show("견적 가져오기", [box]);
};

// sandbox/spa/src/pages/sso.ts
var EXPLAINED = {
  NOT_SITE_ADMIN: ["사이트 관리자가 아닙니다", "고객포털은 다우오피스 사이트 관리자만 이용할 수 있습니다. 사내 관리자에게 문의하세요."],
  ACCOUNT_SUSPENDED: ["정지된 계정입니다", "연동된 고객포털 계정이 정지되어 있습니다. 회사의 대표 계정 담당자에게 문의하세요."],
  SITE_TERMINATED: ["해지된 사이트입니다", "이 다우오피스 사이트의 계약이 해지되었습니다. (문의사항 1577-3019)"],
  MANAGED_BY_RESELLER: ["협력사를 통해 이용 중인 사이트입니다", "비용 결제를 다른 업체와 진행하셨습니다. 해당 업체에 문의해 주세요."]
};
var comeFromGroupware = async ({ go: go2, address }) => {
  const code = address("code");
  if (!code) return failed(address("error"), address("request_id"));
  let came;
  try {
    came = await ask(Sso.exchangeCode({ body: { code, client_type: BROWSER } }));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return failed(problem.code, problem.requestId, problem.detail);
  }
  if (came.state === "LINKED" && came.session) {
    keepSession(came.session);
    history.replaceState(null, "", "/spa/");
    return home({ go: go2, notice: { title: "다우오피스 계정으로 로그인했습니다.", text: whyNoRole(came.reason) } });
  }
  if (came.state === "LINK_REQUIRED") return linkRequired(came, go2);
  if (came.state === "COMPANY_ACCOUNT_MISSING") return companyMissing(came);
  const [title, text] = EXPLAINED[came.state] ?? ["다우오피스에서 접속하지 못했습니다", came.state];
  const reseller = came.reseller && el("p", {}, [came.reseller.name, came.reseller.phone].filter(Boolean).join(" · "));
  return show(title, [panel(null, el("p", {}, text), reseller)]);
};
function failed(code, requestId, detail) {
  show("다우오피스에서 접속하지 못했습니다", [panel(
    null,
    el("p", { role: "alert" }, detail ?? "다우오피스의 와플 메뉴에서 고객포털을 다시 눌러 주세요."),
    el("p", { class: "soft" }, `오류 ${code ?? "unknown"}${requestId ? ` · 문의 번호 ${requestId}` : ""}`)
  )]);
}
function linkRequired(came, go2) {
  keep("sso", { ticket: came.ticket, user: came.groupware_user, company: came.company });
  show("다우오피스 고객포털", []);
  popup("연동 계정 설정", (close) => [
    el("p", { class: "lines" }, "다우오피스 연동 개인계정이 존재하지 않습니다.\n회원가입 또는 로그인을 통해 계정 연결을 진행하시기 바랍니다.\n(다우오피스 연동은 기업계정이 아닌 개인계정으로 연동이 가능합니다.)"),
    el("div", { class: "actions" }, el("button", { class: "primary", autofocus: true, onclick: () => {
      close();
      return go2("/login");
    } }, "확인"))
  ]);
}
function companyMissing(came) {
  show("다우오피스 고객포털", []);
  popup("기업회원 계정을 생성해 주세요.", () => {
    const send3 = async (sent) => {
      const body = { ticket: came.ticket, name: valueOf(sent, "name"), email: valueOf(sent, "email") };
      const done = await ask(Sso.inviteCorporateAccount({ body }));
      const again = new Date(done.next_resend_at).toLocaleTimeString("ko-KR", { timeZone: "Asia/Seoul", hour: "2-digit", minute: "2-digit" });
      sent.querySelector(".done")?.remove();
      sent.append(el("p", { class: "done", role: "status" }, `${done.email_masked}(으)로 초대장을 발송했습니다. ${again}부터 다시 보낼 수 있습니다. (남은 횟수 ${done.attempts_left}회)`));
    };
    return [
      el("p", {}, "고객포털은 기업마다 반드시 기업회원 계정을 가져야하며, 기업회원 계정으로 사용자관리에서 초대를 통해 계약 담당자를 추가할 수 있습니다."),
      el("p", { class: "soft" }, "기존 계약 정보 연결을 위해 다우오피스 사용 고객님들께 기업회원 가입 초대장을 발송하였습니다. 받지 못해 기업회원으로 가입을 못하신 분은 초대장 재발송 기능을 통해 가입해 주실 수 있습니다."),
      el("h2", {}, "기업 회원 초대장 다시 받기"),
      form(
        send3,
        field("이름", { name: "name", required: true, value: came.groupware_user?.name, autocomplete: "name" }),
        field("이메일 주소", { name: "email", type: "email", required: true, autocomplete: "email" }),
        el("div", { class: "actions" }, el("button", { class: "primary" }, "초대장 발송"))
      ),
      el("p", { class: "hint" }, "※ 이 가이드는 기업회원 계정이 생성될 때까지 노출됩니다. (문의사항 1577-3019)")
    ];
  }, { kicker: "다우오피스 고객포털" });
}

// sandbox/spa/src/pages/login.ts
var login = async ({ go: go2 }) => {
  const sso = peek("sso");
  const back = peek("return-to");
  const submit = async (sent) => {
    const body = { login_id: valueOf(sent, "login_id"), password: input(sent, "password").value, client_type: BROWSER };
    keepSession(await ask(Auth.logIn({ body: sso ? { ...body, sso_ticket: sso.ticket } : body })));
    await afterSignIn({ go: go2 });
  };
  show("로그인", [
    sso && linkNotice(sso),
    back && notice("로그인이 필요합니다.", "로그인하면 하던 일을 이어서 합니다. 입력한 내용은 그대로 있습니다."),
    panel(
      null,
      form(
        submit,
        field("아이디", { name: "login_id", autocomplete: "username", required: true }),
        field("비밀번호", { name: "password", type: "password", autocomplete: "current-password", required: true }),
        el("div", { class: "actions" }, el("button", { class: "primary" }, "로그인"))
      ),
      el("div", { class: "or" }, "소셜 로그인"),
      socialButtons("로그인"),
      el("div", { class: "or" }, "처음이신가요?"),
      el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/sign-up" }, "회원가입"))
    )
  ]);
};
function linkNotice(sso) {
  return el(
    "section",
    { class: "panel notice" },
    el("p", {}, `다우오피스 ${sso.user.site_name}의 ${sso.user.name}(${sso.user.login_id}) 계정과 연동합니다.`)
  );
}
async function afterSignIn({ go: go2 }) {
  const sso = peek("sso");
  if (sso) return confirmLink(sso, { go: go2 });
  const back = peek("return-to");
  drop("return-to");
  if (back && !peek("invitation")) return go2(back);
  history.replaceState(null, "", peek("invitation") ? "/spa/invitations/accept" : "/spa/");
  return peek("invitation") ? acceptInvitation({ go: go2, address: () => null, path: "/invitations/accept", id: "" }) : home({ go: go2 });
}
async function confirmLink(sso, { go: go2 }) {
  const proposal = await ask(Sso.linkGroupwareUser({ body: { ticket: sso.ticket, confirm_link: false } }));
  popup("계정을 연동할까요?", (close) => {
    const box = el("div", {});
    const link = () => busy(box, async () => {
      await ask(Sso.linkGroupwareUser({ body: { ticket: sso.ticket, confirm_link: true } }));
      drop("sso");
      close();
      history.replaceState(null, "", "/spa/");
      await home({ go: go2, notice: linked(proposal.company.name) });
    });
    const cancel = () => {
      drop("sso");
      close();
      void go2("/");
    };
    box.append(
      el("p", {}, "두 계정이 모두 본인의 것인지 확인해 주세요."),
      el(
        "div",
        { class: "identities" },
        identity("고객포털", proposal.account.name, proposal.account.sign_in),
        "↔",
        identity("다우오피스", proposal.groupware_user.name, `${proposal.groupware_user.login_id} · ${proposal.groupware_user.site_name}`)
      ),
      el("div", { class: "actions" }, el("button", { onclick: cancel }, "취소"), el("button", { class: "primary", onclick: link }, "연동하기"))
    );
    return [box];
  }, { kicker: "연동 계정 설정" });
}
function linked(company) {
  return { title: "다우오피스 계정과 연동되었습니다.", text: `다음부터는 다우오피스에서 별도의 로그인 없이 이용하실 수 있습니다. 회사: ${company}` };
}
function identity(where, name, id) {
  return el("div", {}, el("small", {}, where), el("strong", {}, name), el("small", {}, id));
}

// sandbox/spa/src/pages/social.ts
var LABELS = { kakao: "카카오", naver: "네이버", google: "Google" };
function socialButtons(verb) {
  const box = el("div", { class: "social" });
  const start = (provider) => busy(box, async () => {
    const started = await ask(Auth.startSocial({ path: { provider }, query: { client_type: BROWSER } }));
    keep("social", { provider, secret: started.client_secret });
    location.assign(started.authorization_url);
  });
  box.append(...Object.keys(LABELS).map((provider) => el("button", { type: "button", class: provider, onclick: () => start(provider) }, `${LABELS[provider]}로 ${verb}`)));
  return box;
}
var comeFromSocial = async ({ go: go2, address }) => {
  const attempt = peek("social");
  drop("social");
  const [code, state] = [address("code"), address("state")];
  if (!attempt || !code || !state) return failed2(address("error"));
  let done;
  try {
    done = await ask(Auth.completeSocial({
      path: { provider: attempt.provider },
      body: { code, state, client_secret: attempt.secret, client_type: BROWSER }
    }));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return failed2(problem.code, problem.detail);
  }
  if (done.session) {
    keepSession(done.session);
    return afterSignIn({ go: go2 });
  }
  keep("social-sign-up", { ticket: done.social_ticket, email: done.email, label: LABELS[attempt.provider] });
  return go2("/sign-up");
};
function failed2(code, detail) {
  const text = code === "access_denied" ? "동의하지 않아 로그인하지 않았습니다." : detail ?? "처음부터 다시 시도해 주세요.";
  show("소셜 로그인을 마치지 못했습니다", [panel(null, el("p", { role: "alert" }, text)), el("a", { class: "button", href: "/spa/login" }, "로그인 화면으로")]);
}

// sandbox/spa/src/pages/faq.ts
var faq = async ({ address }) => {
  await resume().catch(() => false);
  const { items: categories } = await ask(FaqCategories.list());
  const results = el("div", { "aria-live": "polite" });
  const look = async (query, category) => {
    const { items } = await ask(Faqs.list({ query: { ...query ? { query } : {}, ...category ? { category } : {} } }));
    results.replaceChildren(el("p", { class: "soft" }, items.length ? `${items.length}개의 질문` : "찾는 질문이 없습니다. 다른 말로 찾거나 문의를 남겨 주세요."), ...items.map(entry));
  };
  const chosen = address("category") ?? "";
  const search = form(
    (sent) => look(valueOf(sent, "query"), valueOf(sent, "category")),
    field("무엇을 도와드릴까요?", { name: "query", type: "search", maxlength: 100, autocomplete: "off" }),
    el(
      "div",
      { class: "row" },
      choose("분류", { name: "category" }, [["", "전체"], ...categories.map(({ code, code_label }) => [code, code_label])], chosen),
      el("button", { class: "primary" }, "찾기")
    )
  );
  await look("", chosen);
  show("고객포털 FAQ", [panel(null, search), results, el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/inquiries/new" }, "문의등록"))]);
};
function marked(one, field_) {
  const text = [...one[field_]];
  const parts = [];
  let at = 0;
  for (const { start, end } of one.highlights.filter(({ field: where }) => where === field_)) {
    parts.push(text.slice(at, start).join(""), el("mark", {}, text.slice(start, end).join("")));
    at = end;
  }
  return [...parts, text.slice(at).join("")];
}
function entry(one) {
  const rating = el("p", { class: "rating" });
  const rate = (helpful) => async () => {
    await ask(Faqs.rate({ path: { faq_id: one.id }, body: { helpful } }));
    rating.replaceChildren(el("span", { class: "done", role: "status" }, "의견을 보내 주셔서 감사합니다."));
  };
  rating.append(
    "도움이 되었나요? ",
    el("button", { type: "button", class: "small", "aria-label": `${one.question} 도움이 되었어요`, onclick: rate(true) }, "예"),
    " ",
    el("button", { type: "button", class: "small", "aria-label": `${one.question} 도움이 되지 않았어요`, onclick: rate(false) }, "아니요")
  );
  return el(
    "details",
    { class: "panel" },
    el("summary", {}, el("span", { class: "tag" }, one.category_label), " ", ...marked(one, "question")),
    el("p", { class: "answer" }, ...marked(one, "answer")),
    rating
  );
}

// sandbox/spa/src/pages/inquiries.ts
var inquiryNew = async () => {
  const signedIn = await resume();
  const [forms, support] = await Promise.all([ask(InquiryForms.list()), ask(Support.get())]);
  const known2 = signedIn ? await me() : null;
  const fields = { email: known2?.account.email ?? "", company_name: known2?.company?.name ?? "" };
  const body = el("div", {});
  const draw = (kind) => {
    const wanted = forms.items.find((one) => one.kind === kind) ?? forms.items[0];
    body.replaceChildren(
      choose("유형", { name: "type" }, wanted.types.map(({ code, code_label }) => [code, code_label])),
      ...wanted.fields.filter(({ key }) => key !== "details").map((one) => field(one.label, { name: one.key, required: one.required, maxlength: one.max_length, placeholder: one.placeholder, value: fields[one.key], type: one.key === "email" ? "email" : "text" })),
      el(
        "label",
        { class: "field" },
        "내용",
        el("span", { class: "need", "aria-hidden": "true" }, " *"),
        el("textarea", { name: "details", required: true, rows: 8, maxlength: 5e3 }, wanted.types[0]?.details_template ?? "")
      )
    );
  };
  const { attachments: rules } = forms;
  const made = form(
    async (sent) => {
      const wish = {
        kind: valueOf(sent, "kind"),
        type: valueOf(sent, "type"),
        email: valueOf(sent, "email"),
        title: valueOf(sent, "title"),
        company_name: valueOf(sent, "company_name"),
        details: valueOf(sent, "details"),
        mobile_phone: optional(sent, "mobile_phone"),
        landline: optional(sent, "landline"),
        consents: forms.consents.map(({ kind, version }) => ({ kind, version, agreed: input(sent, `agree-${kind}`).checked }))
      };
      const headers = intent("inquiry", wish);
      const tickets = await sendFiles([...input(sent, "files").files ?? []]);
      const done = await ask(Inquiries.create({ body: tickets.length ? { ...wish, attachments: tickets } : wish, headers }));
      intentDone("inquiry");
      show("문의를 접수했습니다", [
        panel(null, el("p", { class: "done", role: "status" }, `✓ 문의 번호 ${done.number}`), el("p", {}, `답변은 ${done.email}(으)로 보내 드립니다.`)),
        isSignedIn() && el("a", { class: "button", href: `/spa/inquiries/${done.id}` }, "문의 보기")
      ]);
    },
    panel(
      null,
      choose("문의 구분", { name: "kind", onchange: (event) => draw(event.target.value) }, forms.items.map(({ kind, kind_label }) => [kind, kind_label])),
      body,
      field(`첨부 파일 (최대 ${rules.max_files}개, ${rules.endings.join(", ")})`, { name: "files", type: "file", multiple: true, accept: rules.endings.map((ending) => ending.startsWith(".") ? ending : `.${ending}`).join(",") })
    ),
    panel("동의", forms.consents.map((one) => el("label", { class: "check" }, el("input", { type: "checkbox", name: `agree-${one.kind}`, required: one.required }), `(${one.required ? "필수" : "선택"}) ${one.title}`))),
    el("div", { class: "actions" }, el("button", { class: "primary" }, "문의하기"))
  );
  draw(forms.items[0].kind);
  show("문의등록", [el("p", { class: "soft" }, `전화 ${support.phone} · ${support.hours}`), made]);
};
var optional = (sent, name) => sent.elements.namedItem(name) ? valueOf(sent, name) || null : null;
async function sendFiles(files) {
  const tickets = [];
  for (const file of files) {
    const { id, token } = await ask(AttachmentTickets.create({ body: { filename: file.name } }));
    await ask(Attachments.send({ path: { ticket: id }, body: file }));
    tickets.push(token);
  }
  return tickets;
}
function conversation(found, send3) {
  const answer2 = async (sent) => {
    const now = await send3(valueOf(sent, "text"));
    intentDone(`inquiry-${found.id}`);
    conversation(now, send3);
  };
  show(found.title, [
    el("p", { class: "soft" }, `${found.number} · ${found.kind_label} `, el("span", { class: "tag" }, found.state_label)),
    found.messages.map((one) => panel(
      one.author === "OPERATOR" ? "상담원" : "문의",
      el("p", { class: "lines" }, one.text),
      one.attachments.map((file) => el("p", { class: "soft" }, `첨부: ${file.filename}`)),
      el("p", { class: "soft" }, time(one.created_at))
    )),
    found.state !== "CLOSED" && form(answer2, panel("추가로 묻기", el("label", { class: "field" }, "내용", el("textarea", { name: "text", required: true, rows: 4, maxlength: 5e3 })), el("button", { class: "primary" }, "보내기")))
  ]);
}
var inquiry = async ({ id }) => {
  const path = { inquiry_id: id };
  conversation(await ask(Inquiries.get({ path })), (text) => ask(Inquiries.addMessage({ path, body: { text }, headers: intent(`inquiry-${id}`, text) })));
};
var inquiryAnswer = async ({ address }) => {
  if (address("token")) keep("inquiry-answer", { number: address("number"), token: address("token") });
  const link = peek("inquiry-answer");
  if (!link) return show("문의", [panel(null, el("p", { role: "alert" }, "메일의 링크를 다시 눌러 주세요."))]);
  try {
    conversation(await ask(Inquiries.open({ body: link })), (text) => ask(Inquiries.reply({ body: { ...link, text } })));
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status === 0) throw problem;
    show("문의를 열지 못했습니다", [panel(null, el("p", { role: "alert" }, problem.detail))]);
  }
};

// sandbox/spa/src/pages/memberships.ts
var memberships = async () => {
  const [found, { permissions }] = await Promise.all([ask(Memberships.list({ query: { size: 100 } })), me()]);
  const { summary } = found;
  const may = { order: permissions.includes("orders.create.change"), change: permissions.includes("memberships.update") };
  show("멤버십현황", [
    panel("요약", facts(
      ["사이트", `${summary.sites}개`],
      ["사용자", `${summary.users}명`],
      ["월 이용료", won(summary.monthly_fee)],
      ...summary.next_charge ? [["다음 결제", `${day(summary.next_charge.on)} · ${won(summary.next_charge.amount)}`]] : []
    )),
    found.items.length === 0 && el("p", { class: "soft" }, "이용 중인 멤버십이 없습니다."),
    found.items.map((one) => card(one, may))
  ], { wide: true });
};
function card(one, may) {
  const renew2 = el("input", { type: "checkbox", checked: one.auto_renew, disabled: !may.change });
  const box = panel(
    one.site.name,
    facts(
      ["요금제", el("span", {}, `${one.plan_label} `, el("span", { class: "tag" }, one.status_label))],
      ["주소", one.site.url ? el("a", { href: one.site.url, rel: "noreferrer" }, one.site.url) : "-"],
      ["이용기간", `${day(one.starts_on)} ~ ${day(one.expires_on)}${one.remaining ? ` (${one.remaining.days}일 남음)` : ""}`],
      ["사용자", `${one.users.total}명 (기본 ${one.users.base}, 추가 ${one.users.added})`],
      ["용량", `${one.storage_gb.total}GB`],
      ...one.add_on_groups.map((group) => [group.name ?? "부가서비스", group.items.map((item) => `${item.label} ${item.quantity}`).join(", ")]),
      ["월 이용료", won(one.monthly_fee)],
      ...one.next_charge ? [["다음 결제", `${day(one.next_charge.on)} · ${won(one.next_charge.amount)} · ${one.next_charge.status_label}`]] : [],
      ...one.scheduled_change ? [["예약된 변경", one.scheduled_change.labels.join(", ")]] : []
    ),
    one.contract_notice && el("p", { class: "hint" }, one.contract_notice),
    one.paid && one.billing_channel !== "RESELLER" && el("label", { class: "check" }, renew2, `${one.site.name} 자동 연장`),
    may.order && el("div", { class: "actions" }, el("a", { class: "button", href: `/spa/orders/change?membership=${one.id}`, "aria-label": `${one.site.name} 추가/연장주문` }, "추가/연장주문"))
  );
  renew2.addEventListener("change", () => void busy(box, async () => {
    renew2.disabled = true;
    try {
      const path = { membership_id: one.id };
      const read = await Memberships.get({ path });
      await ask(Promise.resolve(read));
      const headers = { "If-Match": read.response?.headers.get("ETag") ?? "" };
      const now = await ask(Memberships.update({ path, headers, body: { auto_renew: renew2.checked } }));
      renew2.checked = now.auto_renew;
    } catch (problem) {
      renew2.checked = !renew2.checked;
      throw problem;
    } finally {
      renew2.disabled = false;
    }
  }));
  return box;
}

// sandbox/spa/src/pages/paying.ts
var METHODS = [
  ["CARD", "신용카드"],
  ["TRANSFER", "실시간 계좌이체"],
  ["VIRTUAL_ACCOUNT", "가상계좌"],
  ["BANK_TRANSFER", "무통장입금"]
];
async function place(name, wish) {
  try {
    const order2 = await ask(Orders.create({ body: wish, headers: intent(name, wish) }));
    intentDone(name);
    return order2;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.code !== "order_already_open" || wish.confirm_duplicate) throw problem;
    const meant = await confirmDuplicate();
    return meant ? place(name, { ...wish, confirm_duplicate: true }) : null;
  }
}
function confirmDuplicate() {
  return new Promise((resolve) => {
    popup("같은 주문이 이미 있습니다", (close) => {
      const answer2 = (meant) => () => {
        close();
        resolve(meant);
      };
      return [
        el("p", {}, "방금 같은 내용으로 주문하셨습니다. 하나 더 주문할까요?"),
        el(
          "div",
          { class: "actions" },
          el("a", { class: "button", href: "/spa/orders", onclick: answer2(false) }, "주문내역 보기"),
          el("button", { onclick: answer2(false) }, "취소"),
          el("button", { class: "primary", onclick: answer2(true) }, "하나 더 주문")
        )
      ];
    });
  });
}
async function pay(order2, method, visit) {
  const redirect_url = `${location.origin}/spa/orders/${order2.id}/paid`;
  const body = method === "CARD" || method === "TRANSFER" ? { method, redirect_url } : { method };
  const name = `pay-${order2.id}`;
  if (order2.payment_method !== method) {
    await ask(Orders.changePaymentMethod({ path: { order_id: order2.id }, body: { payment_method: method } }));
  }
  const payment = await ask(Orders.startPayment({ path: { order_id: order2.id }, body, headers: intent(name, body) }));
  keep(`payment-${order2.id}`, payment.id);
  if (payment.checkout) return openCheckout(payment.checkout);
  await showOrder(visit, order2.id, { payment });
}
function openCheckout(checkout) {
  const address = new URL("/checkout", location.origin);
  address.searchParams.set("paymentId", checkout.payment_id);
  address.searchParams.set("orderName", checkout.order_name);
  if (checkout.redirect_url) address.searchParams.set("redirectUrl", checkout.redirect_url);
  location.assign(address);
}
async function settle(orderId) {
  const begun = peek(`payment-${orderId}`);
  if (!begun) return null;
  const payment = await ask(Payments.complete({ path: { payment_id: begun } }));
  if (payment.status === "PAID") drop(`payment-${orderId}`);
  return payment;
}
var paid = async (visit) => {
  const { id, address } = visit;
  const [paymentId, code, message] = [address("paymentId"), address("code"), address("message")];
  if (paymentId) keep(`payment-${id}`, paymentId);
  const payment = await settle(id);
  history.replaceState(null, "", `/spa/orders/${id}`);
  if (payment?.status === "PAID") {
    intentDone(`pay-${id}`);
    return showOrder(visit, id, { notice: { title: "결제가 완료되었습니다.", text: "사이트를 준비하고 있습니다. 이 화면에서 진행 상황을 볼 수 있습니다." } });
  }
  if (code || payment?.status === "FAILED") intentDone(`pay-${id}`);
  const text = [message, "주문은 그대로 있습니다. 다시 결제할 수 있습니다."].filter(Boolean).join(" ");
  return showOrder(visit, id, { notice: { title: "결제되지 않았습니다.", text } });
};

// sandbox/spa/src/pages/price.ts
var MOMENT_MS = 250;
function livePrice(changed) {
  const box = el("section", { class: "panel price", "aria-label": "예상 금액", "aria-live": "polite" });
  let turn2 = 0;
  let timer = 0;
  let shown = null;
  let last = null;
  const say = (...children) => box.replaceChildren(el("h2", {}, "예상 금액"), ...children);
  const look = async (wish, mine) => {
    try {
      const price2 = await ask(PricePreviews.create({ body: wish }));
      if (mine !== turn2) return;
      shown = price2;
      say(...priceLines(price2));
    } catch (problem) {
      if (mine !== turn2) return;
      const { code, text } = words(problem);
      say(el("p", { class: code === "nothing_to_order" ? "soft" : "alert", role: "status", "data-code": code }, text));
      if (problem instanceof Problem && (problem.status === 0 || problem.status >= 500)) {
        box.append(el("button", { type: "button", onclick: () => price.ask(last) }, "다시 계산"));
      }
    }
    box.removeAttribute("aria-busy");
    changed(shown);
  };
  const price = {
    box,
    shown: () => shown,
    ask: (wish) => {
      turn2 += 1;
      clearTimeout(timer);
      shown = null;
      last = wish;
      changed(null);
      if (!wish) return say(el("p", { class: "soft" }, "주문할 내용을 선택하면 금액을 알려 드립니다."));
      box.setAttribute("aria-busy", "true");
      const mine = turn2;
      timer = window.setTimeout(() => void look(wish, mine), MOMENT_MS);
    }
  };
  say(el("p", { class: "soft" }, "금액을 계산하고 있습니다."));
  return price;
}
function priceLines(price) {
  const { items, coupon } = price;
  const rows2 = items.flatMap((item) => [
    el("p", { class: "soft" }, `${item.plan_label} ${item.type_label} · ${day(item.starts_on)} ~ ${day(item.expires_on)}`),
    el(
      "ul",
      { class: "lines" },
      item.lines.map((line) => el("li", {}, el("span", {}, line.name, el("small", { class: "soft" }, line.explanation)), el("span", {}, won(line.amount)))),
      item.discounts.map((one) => el("li", { class: "less" }, el("span", {}, one.name, el("small", { class: "soft" }, one.explanation)), el("span", {}, `-${won(one.amount)}`)))
    ),
    ...item.ends.map((text) => el("p", { class: "hint" }, text))
  ]);
  if (coupon) {
    rows2.push(coupon.rejected ? el("p", { class: "alert" }, `쿠폰 ${coupon.code}: ${coupon.rejected}`) : el("p", { class: "less" }, `쿠폰 ${coupon.name ?? coupon.code} -${won(coupon.amount)}`));
  }
  return [...rows2, totals(price)];
}
function totals(price) {
  return el(
    "dl",
    { class: "totals" },
    price.discount > 0 && [el("dt", {}, "할인"), el("dd", {}, `-${won(price.discount)}`)],
    el("dt", {}, "공급가액"),
    el("dd", {}, won(price.supply)),
    el("dt", {}, "부가세"),
    el("dd", {}, won(price.vat)),
    el("dt", { class: "total" }, "결제 금액"),
    el("dd", { class: "total", "data-total": price.total }, won(price.total))
  );
}

// sandbox/spa/src/pages/order.ts
var POLL_MS = 2e3;
var MOVING = /* @__PURE__ */ new Set(["PAID", "PROVISIONING"]);
var order = async (visit) => {
  const found = await ask(Orders.get({ path: { order_id: visit.id } }));
  const payment = found.status === "PENDING_PAYMENT" ? await settle(visit.id).catch(() => null) : null;
  await showOrder(visit, visit.id, payment ? { payment } : {});
};
async function showOrder(visit, id, { notice: notice2, payment } = {}) {
  const [found, { permissions }] = await Promise.all([ask(Orders.get({ path: { order_id: id } })), me()]);
  const place2 = `/spa/orders/${id}`;
  if (location.pathname !== place2) history.replaceState(null, "", place2);
  const status = el("span", { class: "tag", role: "status", id: "status" }, found.status_label);
  const again = () => showOrder(visit, id);
  show(`주문 ${found.number}`, [
    notice2 && notice(notice2.title, notice2.text),
    panel(
      "진행 상황",
      facts(
        ["상태", status],
        ["결제", `${found.payment_status_label}${found.payment_method ? ` · ${found.payment_method_label}` : ""}`],
        ["주문일", day(found.ordered_on)],
        ...found.status === "PENDING_PAYMENT" && found.expires_at ? [["결제 기한", time(found.expires_at)]] : [],
        ...found.paid_at ? [["결제일", time(found.paid_at)]] : []
      ),
      el("ol", { class: "history" }, found.history.map((event) => el("li", {}, `${time(event.at)} ${event.status_label}`)))
    ),
    found.status === "PENDING_PAYMENT" && permissions.includes("payments.manage") && payment_(found, payment, visit),
    found.items.map((item) => item_(found, item, again)),
    panel("금액", totals(found), found.credit_used > 0 && el("p", { class: "soft" }, `크레딧 ${won(found.credit_used)} 사용 · 결제할 금액 ${won(found.to_pay)}`), papers(found)),
    el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/orders" }, "주문/구매내역"))
  ], { wide: true });
  if (MOVING.has(found.status)) setTimeout(() => void follow(visit, id, found.status, status), POLL_MS);
}
async function follow(visit, id, known2, status) {
  if (!status.isConnected) return;
  const now = await ask(Orders.get({ path: { order_id: id } })).catch(() => null);
  if (!status.isConnected) return;
  if (now?.status === "COMPLETED") {
    await me({ changed: true });
    dispatchEvent(new Event("session"));
  }
  if (now && now.status !== known2) return showOrder(visit, id, now.status === "COMPLETED" ? { notice: { title: "주문하신 서비스가 준비되었습니다." } } : {});
  setTimeout(() => void follow(visit, id, known2, status), POLL_MS);
}
function payment_(order2, payment, visit) {
  const box = panel(
    "결제하기",
    payment?.virtual_account && facts(
      ["입금 은행", payment.virtual_account.bank_label],
      ["계좌번호", payment.virtual_account.number],
      ["예금주", payment.virtual_account.holder],
      ["입금 기한", time(payment.virtual_account.expires_at)]
    ),
    payment?.bank_account && facts(
      ["입금 은행", payment.bank_account.bank_label],
      ["계좌번호", payment.bank_account.number],
      ["예금주", payment.bank_account.holder],
      ["입금자명에 덧붙일 코드", payment.bank_account.depositor_code],
      ["남은 금액", won(payment.bank_account.remaining)]
    ),
    form(
      (sent) => pay(order2, valueOf(sent, "method"), visit),
      choose("결제 방법", { name: "method" }, METHODS, order2.payment_method ?? "CARD"),
      el("p", {}, "결제할 금액 ", el("strong", {}, won(order2.to_pay))),
      el(
        "div",
        { class: "actions" },
        button("주문 취소", () => box, async () => {
          await ask(Orders.cancel({ path: { order_id: order2.id } }));
          await showOrder(visit, order2.id, { notice: { title: "주문을 취소했습니다." } });
        }),
        el("button", { class: "primary" }, "결제하기")
      )
    )
  );
  return box;
}
function item_(order2, item, again) {
  const choose_ = async (sent) => {
    const path = { order_id: order2.id, item_id: item.id };
    await ask(Orders.chooseItemSite({ path, body: { subdomain: valueOf(sent, "subdomain") } }));
    await again();
  };
  return panel(
    `${item.plan_label} ${item.type_label}`,
    facts(
      ["사이트", item.site.url ? el("a", { href: item.site.url, rel: "noreferrer" }, item.site.name) : `${item.site.name} (${item.site.subdomain})`],
      ["상태", item.state_label],
      ["사용자", `${item.users}명`],
      ["이용기간", item.starts_on ? `${day(item.starts_on)} ~ ${day(item.expires_on)}` : item.months ? `${item.months}개월` : "-"]
    ),
    item.failure && el("p", { class: "alert", role: "alert" }, item.failure),
    item.state === "FAILED" && form(
      choose_,
      field("다른 도메인", { name: "subdomain", required: true, autocomplete: "off" }),
      el("button", { class: "primary" }, "이 도메인으로 다시 개설")
    ),
    item.lines.length > 0 && table("주문 내용", ["항목", "수량", "단가", "금액"], item.lines.map((line) => [
      line.name,
      String(line.quantity),
      won(line.unit_price),
      won(line.amount)
    ]))
  );
}
function papers(order2) {
  const box = el("p", { class: "papers" });
  const path = { order_id: order2.id };
  const file = (name) => `${name}-${order2.number}.pdf`;
  box.append(button("주문확인서 (PDF)", () => box, async () => download(await ask(Orders.getConfirmation({ path, parseAs: "blob" })), file("주문확인서")), { class: "small" }));
  if (order2.payment_status === "PAID") {
    box.append(" ", button("거래확인서 (PDF)", () => box, async () => download(await ask(Orders.getTransactionConfirmation({ path, parseAs: "blob" })), file("거래확인서")), { class: "small" }));
  }
  return box;
}

// sandbox/spa/src/pages/draft.ts
var EMPTY = {
  plan: "SHARED",
  membership: "",
  users: 10,
  months: 12,
  addOns: {},
  coupon: "",
  method: "CARD",
  site: { name: "", subdomain: "", admin_name: "", admin_login_id: "", admin_email: "" }
};
async function draftOf(name, start = {}) {
  const who = await owner();
  const kept = peek(name);
  return kept?.owner === who ? kept : { ...EMPTY, ...start, owner: who };
}
var keepDraft = keep;
var dropDraft = drop;
function addOnsOf(draft) {
  return Object.entries(draft.addOns).filter(([, quantity]) => quantity > 0).map(([code, quantity]) => ({ code, quantity }));
}
function addOnFields(addOns, chosen) {
  return addOns.map((one) => field(
    one.code_label,
    { name: `add-${one.code}`, type: "number", min: 0, max: one.max_per_site ?? 9999, step: 1, value: chosen[one.code] ?? 0, inputmode: "numeric" },
    one.price ? `${won(one.price)}${one.basis === "ONCE" ? " (1회)" : " / 월"}` : "무료"
  ));
}
function readAddOns(form2, addOns) {
  return Object.fromEntries(addOns.map((one) => [one.code, wholeNumber(form2, `add-${one.code}`)]));
}
function wholeNumber(form2, name) {
  const value = form2.elements.namedItem(name).valueAsNumber;
  return Number.isFinite(value) ? Math.trunc(value) : 0;
}
function stepper(at) {
  return el("ol", { class: "stepper", "aria-label": "주문 단계" }, ["상품 선택", "사이트 정보", "확인 및 결제"].map((name, index) => el("li", { class: index + 1 === at ? "here" : index + 1 < at ? "past" : "", "aria-current": index + 1 === at ? "step" : null }, `${index + 1}. ${name}`)));
}

// sandbox/spa/src/pages/order_change.ts
var NAME = "order-change";
var orderChange = async (visit) => {
  const [held, catalogue, terms] = await Promise.all([
    ask(Memberships.list({ query: { size: 100 } })),
    ask(Catalogue.get()),
    ask(Terms.list({ query: { use: "ORDER" } }))
  ]);
  const mine = held.items.filter(({ billing_channel }) => billing_channel !== "RESELLER");
  const first = mine[0];
  if (!first) return show("추가/연장주문", [panel(null, el("p", {}, "추가하거나 연장할 멤버십이 없습니다."), el("a", { class: "button", href: "/spa/orders/new" }, "신규주문"))]);
  const draft = await draftOf(NAME, { users: 0, months: 0 });
  const wanted = visit.address("membership") ?? draft.membership;
  let membership2 = mine.find(({ id }) => id === wanted) ?? first;
  draft.membership = membership2.id;
  const submit = el("button", { class: "primary", disabled: true }, "주문하고 결제하기");
  const price = livePrice((now) => {
    submit.disabled = now === null;
    if (now) need(made, terms.items, now.consents);
  });
  const present = el("div", {});
  const item = () => ({
    type: "ADD_EXTEND",
    membership_id: draft.membership,
    add_users: draft.users,
    add_ons: addOnsOf(draft),
    extend_months: draft.months
  });
  const draw = () => present.replaceChildren(facts(
    ["요금제", `${membership2.plan_label} (${membership2.status_label})`],
    ["사용자", `${membership2.users.total}명`],
    ["이용기간", `${day(membership2.starts_on)} ~ ${day(membership2.expires_on)}`]
  ));
  const made = el(
    "form",
    {},
    panel(
      "멤버십",
      choose("사이트", { name: "membership" }, mine.map(({ id, site: site2, plan_label }) => [id, `${site2.name} · ${plan_label}`]), membership2.id),
      present
    ),
    panel(
      "추가와 연장",
      el(
        "div",
        { class: "pair" },
        field("추가할 사용자", { name: "users", type: "number", min: 0, max: 1e5, step: 1, value: draft.users, inputmode: "numeric" }),
        choose("연장", { name: "months" }, [["0", "연장하지 않음"], ["1", "1개월"], ["12", "12개월"], ["24", "24개월"]], String(draft.months))
      ),
      el("details", { open: addOnsOf(draft).length > 0 }, el("summary", {}, "부가서비스 추가"), el("div", { class: "pair" }, addOnFields(catalogue.add_ons, draft.addOns))),
      choose("결제 방법", { name: "method" }, METHODS, draft.method)
    ),
    price.box,
    panel("약관 동의", termsList(terms.items, "모두 동의합니다")),
    el("div", { class: "actions" }, submit)
  );
  const look = () => price.ask(draft.users > 0 || draft.months > 0 || addOnsOf(draft).length > 0 ? { items: [item()] } : null);
  made.addEventListener("input", (event) => {
    if (event.target.type === "checkbox") return;
    draft.membership = valueOf(made, "membership");
    membership2 = mine.find(({ id }) => id === draft.membership) ?? first;
    draft.users = wholeNumber(made, "users");
    draft.months = Number(valueOf(made, "months"));
    draft.method = valueOf(made, "method");
    draft.addOns = readAddOns(made, catalogue.add_ons);
    keepDraft(NAME, draft);
    draw();
    look();
  });
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(made, async () => {
      const total = price.shown().total;
      const order2 = await place(NAME, {
        items: [item()],
        expected_total: total,
        payment_method: total > 0 ? draft.method : null,
        consents: consentsOf(made, terms.items)
      });
      if (!order2) return;
      dropDraft(NAME);
      history.replaceState(null, "", `/spa/orders/${order2.id}`);
      await showOrder(visit, order2.id, { notice: { title: "주문했습니다." } });
      if (order2.status === "PENDING_PAYMENT") await pay(order2, draft.method, visit);
    }).finally(() => {
      if (made.querySelector('[data-code="price_changed"]')) look();
    });
  });
  show("추가/연장주문", [made]);
  draw();
  look();
};

// sandbox/spa/src/pages/order_new.ts
var NAME2 = "order-new";
function itemOf(draft, catalogue) {
  const plan = catalogue.plans.find(({ code }) => code === draft.plan);
  const chosen = { type: "NEW", plan: draft.plan };
  if (plan?.fixed_users) return chosen;
  return { ...chosen, users: draft.users, months: draft.months, add_ons: addOnsOf(draft) };
}
var wishOf = (draft, catalogue) => ({ items: [itemOf(draft, catalogue)], coupon_code: draft.coupon || null });
var isFree = (draft, catalogue) => catalogue.plans.find(({ code }) => code === draft.plan)?.unit_price === 0;
var orderNew = async ({ go: go2, address }) => {
  const [catalogue, { permissions }] = await Promise.all([ask(Catalogue.get()), me()]);
  const draft = await draftOf(NAME2);
  draft.plan = catalogue.plans.some(({ code }) => code === address("plan")) ? address("plan") : draft.plan;
  const mayOrder = permissions.includes("orders.create.new");
  const next = el("button", { class: "primary" }, "다음: 사이트 정보");
  const quoting = el("div", {});
  const price = livePrice((now) => {
    next.disabled = now === null;
  });
  const details = el("div", {});
  const plans = el("fieldset", { class: "choices" }, el("legend", {}, "요금제"), catalogue.plans.map((plan) => el(
    "label",
    { class: "choice" },
    el("input", { type: "radio", name: "plan", value: plan.code, checked: plan.code === draft.plan }),
    el("span", {}, plan.code_label, el("small", { class: "soft" }, plan.unit_price ? `사용자당 월 ${won(plan.unit_price)}` : `무료 · ${plan.fixed_users ?? ""}명`))
  )));
  const drawDetails = () => {
    const plan = catalogue.plans.find(({ code }) => code === draft.plan);
    details.replaceChildren(...plan.fixed_users ? [el("p", { class: "hint" }, `${plan.fixed_users}명까지, ${plan.fixed_storage_gb ?? ""}GB를 무료로 이용합니다.`)] : [
      el(
        "div",
        { class: "pair" },
        field("사용자 수", { name: "users", type: "number", min: 1, max: 1e5, step: 1, required: true, value: draft.users, inputmode: "numeric" }),
        choose("이용 기간", { name: "months" }, plan.terms.map((term) => [String(term.months), `${term.months}개월${term.promotion ? ` (${term.promotion})` : ""}`]), String(draft.months))
      ),
      el("details", { open: addOnsOf(draft).length > 0 }, el("summary", {}, "부가서비스"), el("div", { class: "pair" }, addOnFields(catalogue.add_ons, draft.addOns))),
      field("쿠폰 번호", { name: "coupon", value: draft.coupon, maxlength: 40, autocomplete: "off" })
    ]);
  };
  const made = form(
    async () => go2("/orders/new/site"),
    panel("상품", plans, details),
    price.box,
    quoting,
    el("div", { class: "actions" }, mayOrder && next)
  );
  const read = () => {
    const plan = new FormData(made).get("plan");
    if (plan !== draft.plan) {
      draft.plan = String(plan);
      drawDetails();
    }
    if (made.elements.namedItem("users")) {
      draft.users = wholeNumber(made, "users");
      draft.months = Number(valueOf(made, "months"));
      draft.addOns = readAddOns(made, catalogue.add_ons);
      draft.coupon = valueOf(made, "coupon");
    }
    keepDraft(NAME2, draft);
    price.ask(isFree(draft, catalogue) || draft.users > 0 ? wishOf(draft, catalogue) : null);
  };
  drawDetails();
  made.addEventListener("input", read);
  if (permissions.includes("quotes.create")) {
    quoting.append(panel(
      "견적서",
      el("p", { class: "hint" }, mayOrder ? "견적서를 PDF로 받아 두었다가 30일 안에 같은 가격으로 주문할 수 있습니다." : "개인회원은 견적서를 받을 수 있습니다. 주문은 기업회원 계정으로 합니다."),
      button("견적서 받기", () => quoting, async () => {
        const body = { ...wishOf(draft, catalogue), recipients: ["OWN"] };
        const quote = await ask(Quotes.create({ body, headers: intent("quote", body) }));
        intentDone("quote");
        quoteMade(quote);
      })
    ));
  }
  show("신규주문", [mayOrder && stepper(1), made]);
  read();
};
function quoteMade(quote) {
  const box = el("div", { class: "actions" });
  box.append(
    button("PDF 내려받기", () => box, async () => {
      const file = await ask(Quotes.getPdf({ path: { quote_id: quote.id }, parseAs: "blob" }));
      download(file, `견적서-${quote.number}.pdf`);
    }, { class: "primary" }),
    el("a", { class: "button", href: "/spa/orders/new" }, "다시 선택")
  );
  show("견적서를 보냈습니다", [
    panel(
      null,
      el("p", { class: "done", role: "status" }, "✓ 이메일로 견적서를 보냈습니다."),
      facts(
        ["견적 번호", quote.number],
        ["내용", quote.items.map((one) => `${one.plan_label} ${one.users}명`).join(", ")],
        ["금액", won(quote.total)],
        ["유효기간", day(quote.valid_until)]
      )
    ),
    box
  ]);
}
var orderNewSite = async ({ go: go2 }) => {
  const [catalogue, { account }] = await Promise.all([ask(Catalogue.get()), me()]);
  const draft = await draftOf(NAME2);
  const free = isFree(draft, catalogue);
  draft.site.admin_name ||= account.name ?? "";
  draft.site.admin_email ||= account.email ?? "";
  const made = form(
    async () => go2("/orders/new/confirm"),
    panel(
      "사이트 정보",
      field("사이트 이름", { name: "name", required: true, maxlength: 60, value: draft.site.name, autocomplete: "organization" }),
      field("도메인", { name: "subdomain", required: true, maxlength: 63, value: draft.site.subdomain, autocomplete: "off", autocapitalize: "none" }, "영문 소문자, 숫자, 하이픈(-). 접속 주소의 앞부분입니다."),
      el(
        "div",
        { class: "pair" },
        field("관리자 이름", { name: "admin_name", required: true, maxlength: 60, value: draft.site.admin_name, autocomplete: "name" }),
        field("관리자 ID", { name: "admin_login_id", required: true, pattern: "[A-Za-z0-9_.\\-]{2,40}", value: draft.site.admin_login_id, autocomplete: "off" })
      ),
      field("관리자 이메일", { name: "admin_email", type: "email", required: true, value: draft.site.admin_email, autocomplete: "email" })
    ),
    !free && el("fieldset", { class: "choices" }, el("legend", {}, "결제 방법"), METHODS.map(([code, label]) => el("label", { class: "choice" }, el("input", { type: "radio", name: "method", value: code, checked: code === draft.method }), label))),
    el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/orders/new" }, "이전"), el("button", { class: "primary" }, "다음: 확인 및 결제"))
  );
  made.addEventListener("input", () => {
    for (const name of ["name", "subdomain", "admin_name", "admin_login_id", "admin_email"]) draft.site[name] = valueOf(made, name);
    draft.method = new FormData(made).get("method") ?? "CARD";
    keepDraft(NAME2, draft);
  });
  keepDraft(NAME2, draft);
  show("신규주문", [stepper(2), made]);
};
var orderNewConfirm = async (visit) => {
  const [catalogue, terms] = await Promise.all([ask(Catalogue.get()), ask(Terms.list({ query: { use: "ORDER" } }))]);
  const draft = await draftOf(NAME2);
  if (!draft.site.subdomain) return visit.go("/orders/new/site");
  const free = isFree(draft, catalogue);
  const submit = el("button", { class: "primary" }, free ? "주문하기" : "주문하고 결제하기");
  const price = livePrice((now) => {
    submit.disabled = now === null;
    if (now) need(made, terms.items, now.consents);
  });
  const plan = catalogue.plans.find(({ code }) => code === draft.plan);
  const addOns = addOnsOf(draft).map(({ code, quantity }) => `${catalogue.add_ons.find((one) => one.code === code)?.code_label ?? code} ${quantity}`);
  const made = el(
    "form",
    {},
    panel("주문 내용", facts(
      ["요금제", plan.code_label],
      ["사용자", `${plan.fixed_users ?? draft.users}명`],
      ...free ? [] : [["이용 기간", `${draft.months}개월`]],
      ...addOns.length && !free ? [["부가서비스", addOns.join(", ")]] : [],
      ["사이트", `${draft.site.name} (${draft.site.subdomain})`],
      ["관리자", `${draft.site.admin_name} · ${draft.site.admin_login_id} · ${draft.site.admin_email}`],
      ...free ? [] : [["결제 방법", METHODS.find(([code]) => code === draft.method)[1]]]
    )),
    price.box,
    panel("약관 동의", termsList(terms.items, "모두 동의합니다")),
    el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/orders/new/site" }, "이전"), submit)
  );
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(made, async () => {
      const order2 = await place(NAME2, {
        items: [{ ...itemOf(draft, catalogue), site: draft.site }],
        coupon_code: draft.coupon || null,
        expected_total: price.shown().total,
        payment_method: free ? null : draft.method,
        consents: consentsOf(made, terms.items)
      });
      if (!order2) return;
      dropDraft(NAME2);
      history.replaceState(null, "", `/spa/orders/${order2.id}`);
      if (order2.status !== "PENDING_PAYMENT") return showOrder(visit, order2.id, { notice: { title: "주문했습니다." } });
      await showOrder(visit, order2.id, { notice: { title: "주문했습니다.", text: "결제창을 여는 중입니다. 열리지 않으면 결제하기를 눌러 주세요." } });
      await pay(order2, draft.method, visit);
    }).finally(() => {
      if (made.querySelector('[data-code="price_changed"]')) price.ask(wishOf(draft, catalogue));
    });
  });
  show("신규주문", [stepper(3), made]);
  price.ask(wishOf(draft, catalogue));
};

// sandbox/spa/src/pages/orders.ts
var STATUSES = [
  ["", "전체"],
  ["PENDING_PAYMENT", "결제 대기"],
  ["PROVISIONING", "개설 중"],
  ["COMPLETED", "완료"],
  ["CANCELLED", "취소"],
  ["EXPIRED", "기한 만료"],
  ["REFUNDED", "환불"]
];
var orders = async () => {
  const body = el("div", {});
  const found = [];
  const look = async (status, cursor = null) => {
    const query = { size: 20, ...status ? { status } : {}, ...cursor ? { cursor } : {} };
    const page = await ask(Orders.list({ query }));
    if (!cursor) found.length = 0;
    found.push(...page.items);
    const more = page.next_cursor;
    body.replaceChildren(
      found.length ? rows(found) : el("p", { class: "soft", role: "status" }, "주문이 없습니다."),
      more ? button("더 보기", () => body, () => look(status, more)) : "",
      el("p", { class: "hint" }, page.notice)
    );
  };
  const filter = form(
    (sent) => look(valueOf(sent, "status")),
    el("div", { class: "row" }, choose("상태", { name: "status" }, STATUSES.map(([code, label]) => [code, label])), el("button", {}, "조회"))
  );
  await look("");
  show("주문/구매내역", [panel(null, filter, body)], { wide: true });
};
function rows(found) {
  return table("주문/구매내역", ["주문번호", "구분", "내용", "금액", "주문일", "결제", "상태"], found.map((one) => [
    el("a", { href: `/spa/orders/${one.id}` }, one.number),
    one.type_label,
    one.summary,
    won(one.total),
    day(one.ordered_on),
    one.payment_status_label,
    el("span", { class: "tag" }, one.status_label)
  ]));
}

// sandbox/spa/src/pages/sign_up.ts
var signUp = async ({ go: go2 }) => {
  const sso = peek("sso");
  const social = peek("social-sign-up");
  const terms = (await ask(Terms.list({ query: { use: "SIGN_UP" } }))).items;
  let person = "";
  const submit = el("button", { class: "primary", disabled: true }, "가입하기");
  const identity2 = await identitySection((token) => {
    person = token;
    submit.disabled = false;
  });
  const way = el("div", {});
  const agreed = panel("가입 약관 동의", termsList(terms, "서비스 약관 동의(전체)"));
  const actions2 = el("div", { class: "actions" }, el("button", { type: "button", onclick: () => go2("/login") }, "취소"), submit);
  const rest = el("form", {}, way, agreed, actions2);
  const chooseWay = (name) => way.replaceChildren(...name === "social" ? socialWay(social) : idWay());
  rest.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(rest, () => send2(rest, { person, sso, social, terms, go: go2 }));
  });
  const kind = (value) => value === "corporate" && go2("/sign-up/corporate");
  const ways = choices("가입 형태 선택", "way", [["id", "일반가입", !social], ["social", "소셜 회원 가입", Boolean(social)]], (value) => {
    chooseWay(value);
    for (const part of [identity2, agreed, actions2]) part.hidden = value === "social" && !social;
  });
  chooseWay(social ? "social" : "id");
  show("회원가입", [
    sso && linkNotice(sso),
    choices("회원 구분", "kind", [["corporate", sso ? "기업회원 (선택불가)" : "기업회원", false, Boolean(sso)], ["individual", "개인회원", true]], kind),
    el("p", { class: "hint" }, "신규 주문과 서비스 개설은 기업회원만 가능하오니 참고해 주시기 바랍니다."),
    ways,
    identity2,
    rest
  ]);
};
function choices(title, name, options, chosen) {
  return el(
    "fieldset",
    { class: "choices" },
    el("legend", {}, title),
    options.map(([value, label, checked, disabled]) => el(
      "label",
      { class: "choice" },
      el("input", { type: "radio", name, value, checked, disabled, onchange: () => chosen(value) }),
      label
    ))
  );
}
function idWay() {
  return [panel(
    "로그인 정보",
    field("아이디 (ID)", { name: "login_id", required: true, minlength: 5, maxlength: 30, autocomplete: "username" }, "영문 소문자로 시작하는 5~30자"),
    field("비밀번호", { name: "password", type: "password", required: true, minlength: 10, autocomplete: "new-password" }, "10자 이상"),
    field("이메일", { name: "email", type: "email", required: true, autocomplete: "email" })
  )];
}
function socialWay(social) {
  if (!social) return [panel("소셜 회원 가입", socialButtons("가입"))];
  return [panel(
    "소셜 회원 가입",
    el("p", { class: "done" }, `✓ ${social.label} 계정을 확인했습니다.`),
    field("이메일", { name: "email", type: "email", required: true, value: social.email ?? "", autocomplete: "email" })
  )];
}
async function send2(form2, { person, sso, social, terms, go: go2 }) {
  const body = {
    identity_verification_token: person,
    contact: { email: valueOf(form2, "email") },
    consents: consentsOf(form2, terms),
    client_type: BROWSER
  };
  if (form2.elements.namedItem("login_id")) Object.assign(body, { login_id: valueOf(form2, "login_id"), password: input(form2, "password").value });
  else body.social_ticket = social.ticket;
  if (sso) body.sso_ticket = sso.ticket;
  const done = await ask(Accounts.signUpIndividual({ body }));
  keepSession(done.session);
  drop("social-sign-up");
  if (!done.link_id) return afterSignIn({ go: go2 });
  drop("sso");
  history.replaceState(null, "", "/spa/");
  return home({ go: go2, notice: linked(sso.company.name) });
}

// sandbox/spa/src/pages/corporate.ts
var signUpCorporate = async ({ go: go2, address }) => {
  if (address("token")) keep("corporate-invitation", address("token"));
  if (address("business_token")) keep("business-document", address("business_token"));
  const invitation = peek("corporate-invitation");
  const company = invitation ? await ask(CorporateInvitations.preview({ body: { token: invitation } })) : null;
  const terms = (await ask(Terms.list({ query: { use: "SIGN_UP" } }))).items;
  const proofs = { business: "", person: "" };
  const submit = el("button", { class: "primary", disabled: true }, "가입하기");
  const proved = (name, token) => {
    proofs[name] = token;
    submit.disabled = !(proofs.business && proofs.person);
  };
  const accepted = peek("business-document");
  const business = accepted ? acceptedSection() : businessSection(company, (token) => proved("business", token));
  if (accepted) proved("business", accepted);
  const identity2 = await identitySection((token) => proved("person", token));
  const rest = el(
    "form",
    {},
    panel(
      "로그인 정보",
      field("아이디 (ID)", { name: "login_id", required: true, minlength: 5, maxlength: 30, autocomplete: "username" }, "영문 소문자로 시작하는 5~30자"),
      field("비밀번호", { name: "password", type: "password", required: true, minlength: 10, autocomplete: "new-password" }, "10자 이상"),
      field("이메일", { name: "email", type: "email", required: true, autocomplete: "email" })
    ),
    panel("가입 약관 동의", termsList(terms, "서비스 약관 동의(전체)")),
    el("div", { class: "actions" }, el("button", { type: "button", onclick: () => go2("/login") }, "취소"), submit)
  );
  rest.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(rest, async () => {
      const body = {
        business_verification_token: proofs.business,
        identity_verification_token: proofs.person,
        login_id: valueOf(rest, "login_id"),
        password: input(rest, "password").value,
        company_name: business.querySelector("[name=company_name]").value.trim(),
        contact: { email: valueOf(rest, "email") },
        consents: consentsOf(rest, terms),
        client_type: BROWSER
      };
      if (invitation) body.invitation_token = invitation;
      keepSession((await ask(Accounts.signUpCorporate({ body }))).session);
      for (const name of ["corporate-invitation", "business-document", "return-to"]) drop(name);
      history.replaceState(null, "", "/spa/");
      await home({ go: go2, notice: { title: "기업회원 가입이 완료되었습니다.", text: "본인의 다우오피스와 고객포털 연동을 위해 개인회원 계정 생성이 필요합니다." } });
    });
  });
  show("기업회원 가입", [
    company && el("section", { class: "panel notice" }, el("p", {}, `${company.company_name}의 기업회원 초대장으로 가입합니다. 기존 계약과 사이트가 연결됩니다.`)),
    business,
    identity2,
    rest
  ]);
};
function acceptedSection() {
  return panel(
    "기업정보",
    field("상호(법인명)", { name: "company_name", required: true }, "사업자등록증을 보낼 때 입력한 상호와 같아야 합니다."),
    el("p", { class: "done" }, "✓ 사업자등록증 확인이 완료되었습니다.")
  );
}
function businessSection(company, verified) {
  const locked = Boolean(company);
  const check = el(
    "form",
    {},
    field("상호(법인명)", { name: "company_name", required: true, readonly: locked, value: company?.company_name }),
    el(
      "div",
      { class: "row" },
      field("사업자등록번호 (숫자만 입력해 주세요.)", { name: "business_number", required: true, inputmode: "numeric", readonly: locked, value: company?.business_number }),
      el("button", {}, "사업자 진위 확인")
    )
  );
  const box = panel("기업정보", check);
  check.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(box, async () => {
      const body = { business_number: valueOf(check, "business_number"), company_name: valueOf(check, "company_name") };
      const done = await ask(BusinessVerifications.create({ body }));
      for (const one of check.querySelectorAll("input")) one.readOnly = true;
      check.querySelector("button").remove();
      check.append(el("p", { class: "done" }, "✓ 사업자 진위 확인을 완료했습니다."));
      verified(done.verification_token);
    });
  });
  return box;
}

// sandbox/spa/src/pages/system_status.ts
var GB = 1024 ** 3;
var STATES = { PENDING: "적용 중", APPLIED: "적용됨", FAILED: "적용하지 못함" };
var systemStatus = async () => {
  const [{ items }, { permissions }] = await Promise.all([ask(SystemStatus.list()), me()]);
  const may = permissions.includes("system_status.update");
  show("시스템현황", items.length ? items.map((one) => site(one, may)) : [el("p", { class: "soft" }, "이용 중인 사이트가 없습니다.")], { wide: true });
};
function meter(label, percent, text) {
  return el("div", { class: "meter" }, el("span", {}, label), el("meter", { min: 0, max: 100, high: 90, value: percent ?? 0, "aria-label": label }), el("span", {}, text));
}
function site(one, may) {
  const { users: users2, storage } = one;
  const gb = (bytes) => bytes === null ? "-" : `${(bytes / GB).toFixed(1)}GB`;
  return panel(
    one.site.name,
    el("p", { class: "soft" }, one.as_of ? `${time(one.as_of)} 기준${one.stale ? " (지연됨)" : ""}` : "아직 사용량을 받지 못했습니다."),
    meter(`${one.site.name} 사용자`, users2.used_percent, `${users2.used ?? "-"} / ${users2.contracted}명`),
    meter(`${one.site.name} 용량`, storage.used_percent, `${gb(storage.used_bytes)} / ${gb(storage.contracted_bytes)}`),
    facts(["접속 주소", one.site.url ? el("a", { href: one.site.url, rel: "noreferrer" }, one.site.url) : "-"], ["관리자 ID", one.groupware_admin_login_id], ["이용기간", `${day(one.starts_on)} ~ ${day(one.expires_on)}`]),
    one.options.length > 0 && table(`${one.site.name} 부가서비스`, ["부가서비스", "사용", "계약"], one.options.map((option) => [option.name, String(option.used ?? "-"), String(option.contracted)])),
    one.accounting && accounting(one, may)
  );
}
function accounting(one, may) {
  const box = el("div", { class: "accounting" });
  const draw = (now) => {
    box.replaceChildren(
      el("h3", {}, "경리회계 메뉴"),
      facts(["상태", el("span", { role: "status" }, `${now.visible ? "표시" : "숨김"} · ${STATES[now.state] ?? now.state}`)], ["사업자번호", now.business_number], ["관리자 ID", now.admin_login_id], ["시작일", day(now.started_on)])
    );
    if (may) box.append(button(now.visible ? "메뉴 숨기기" : "메뉴 표시하기", () => box, async () => {
      draw(await ask(SystemStatus.switchAccounting({ path: { site_id: one.site.id }, body: { visible: !now.visible } })));
    }));
  };
  draw(one.accounting);
  return box;
}

// sandbox/spa/src/pages/unsubscribe.ts
var unsubscribe = async ({ address }) => {
  const token = address("token");
  if (!token) {
    show("광고성 정보 수신 설정", [panel(null, el("p", { role: "alert" }, "메일에 있는 링크로 다시 열어 주세요."), signIn())]);
    return;
  }
  const box = panel(
    null,
    el("p", {}, "다우오피스의 광고성 정보를 이메일로 계속 받으시겠습니까? 로그인은 필요하지 않습니다."),
    el("button", { class: "primary", onclick: () => busy(box, () => answer(token, false)) }, "그만 받기"),
    " ",
    el("button", { onclick: () => busy(box, () => answer(token, true)) }, "계속 받기")
  );
  show("광고성 정보 수신 설정", [box]);
};
async function answer(token, agreed) {
  try {
    await ask(MarketingAnswers.create({ body: { token, agreed } }));
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.code !== "marketing_consent_needs_sign_in") throw problem;
    show("로그인이 필요합니다", [panel(null, el("p", { role: "alert" }, problem.detail), signIn())]);
    return;
  }
  const words2 = agreed ? "✓ 광고성 정보를 계속 보내 드립니다. 앞으로 2년 동안 유효합니다." : "✓ 광고성 정보를 더 이상 보내지 않습니다. 계약, 결제, 보안에 관한 안내는 계속 보내 드립니다.";
  show("처리했습니다", [panel(null, el("p", { class: "done" }, words2), el("p", {}, "처리 결과를 이메일로도 알려 드립니다."))]);
}
function signIn() {
  return el("p", {}, el("a", { href: "/spa/login" }, "로그인하여 수신 설정 바꾸기"));
}

// sandbox/spa/src/pages/users.ts
var users = async (visit) => {
  const { items } = await ask(Users.list({ query: { size: 100 } }));
  const again = () => users(visit);
  const send3 = async (sent) => {
    await ask(Invitations.create({ body: { name: valueOf(sent, "name"), email: valueOf(sent, "email") } }));
    await again();
  };
  show("사용자 초대/관리", [
    panel("사용자", table("회사의 사용자와 초대", ["이름", "이메일", "권한", "상태", "마지막 로그인", ""], items.map((user) => [
      user.name,
      user.email,
      user.role_label,
      el("span", { class: "tag" }, user.state_label),
      user.last_signed_in_at ? time(user.last_signed_in_at) : "-",
      actions(user, again)
    ]))),
    panel(
      "사용자 초대",
      form(
        send3,
        el(
          "div",
          { class: "pair" },
          field("이름", { name: "name", required: true, autocomplete: "off" }),
          field("이메일 주소", { name: "email", type: "email", required: true, autocomplete: "off" })
        ),
        el("button", { class: "primary" }, "초대하기")
      )
    )
  ], { wide: true });
};
function actions(user, again) {
  const box = el("div", {});
  const add = (label, work) => {
    const made = button(label, () => box, async () => {
      await work();
      await again();
    }, { class: "small" });
    made.setAttribute("aria-label", `${user.name} ${label}`);
    box.append(made, " ");
  };
  const { invitation_id, user_id } = user;
  if (invitation_id) {
    const path = { invitation_id };
    if (user.approval_pending) add("승인", () => ask(Invitations.approve({ path })));
    else add("다시 보내기", () => ask(Invitations.resend({ path })));
    add("초대 취소", () => ask(Invitations.cancel({ path })));
  } else if (user_id && user.role === "ADMIN") {
    const suspended = user.state === "SUSPENDED";
    add(suspended ? "정지 해제" : "정지", () => ask(Users.update({ path: { user_id }, body: { state: suspended ? "ACTIVE" : "SUSPENDED" } })));
  }
  return box;
}

// sandbox/spa/src/pages/verify_email.ts
var verifyEmail = async ({ address }) => {
  const token = address("token");
  try {
    await ask(EmailVerifications.confirm({ body: { token: token ?? "" } }));
    show("이메일을 확인했습니다", [panel(null, el("p", { class: "done" }, "✓ 이메일 확인을 완료했습니다."))]);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status === 0) throw problem;
    show("이메일을 확인하지 못했습니다", [panel(null, el("p", { role: "alert" }, problem.detail))]);
  }
};

// sandbox/spa/src/main.ts
var BASE = "/spa";
var needsSignIn = (page) => async (visit) => {
  if (await resume()) return page(visit);
  keep("return-to", visit.path);
  return visit.go("/login");
};
var PAGES = {
  "/": home,
  "/login": login,
  "/sign-up": signUp,
  "/sign-up/corporate": signUpCorporate,
  "/sso": comeFromGroupware,
  "/social/callback": comeFromSocial,
  "/invitations/accept": acceptInvitation,
  "/verify-email": verifyEmail,
  "/handover": acceptHandover,
  "/handover/objection": answerHandover,
  "/quotes/claim": claimQuote,
  "/unsubscribe": unsubscribe,
  "/faq": faq,
  "/inquiries/new": inquiryNew,
  "/inquiries/answer": inquiryAnswer,
  "/inquiries/:id": needsSignIn(inquiry),
  "/company/users": needsSignIn(users),
  "/memberships": needsSignIn(memberships),
  "/orders": needsSignIn(orders),
  "/orders/new": needsSignIn(orderNew),
  "/orders/new/site": needsSignIn(orderNewSite),
  "/orders/new/confirm": needsSignIn(orderNewConfirm),
  "/orders/change": needsSignIn(orderChange),
  "/orders/:id": needsSignIn(order),
  "/orders/:id/paid": needsSignIn(paid),
  "/system-status": needsSignIn(systemStatus)
};
function pageOf(path) {
  const exact = PAGES[path];
  if (exact) return { page: exact, id: "" };
  for (const [pattern, page] of Object.entries(PAGES)) {
    if (!pattern.includes(":id")) continue;
    const found = new RegExp(`^${pattern.replace(":id", "([0-9a-f-]{36})")}$`).exec(path);
    if (found) return { page, id: found[1] };
  }
  return null;
}
var turn = 0;
async function route() {
  turn += 1;
  const mine = turn;
  const main = document.querySelector("#page");
  const path = location.pathname.slice(BASE.length).replace(/(.)\/$/, "$1") || "/";
  const whole = path + location.search;
  const address = takeFromAddress();
  const found = pageOf(path);
  if (!found) {
    show("페이지를 찾을 수 없습니다", [el("a", { class: "button", href: `${BASE}/` }, "처음으로")]);
    return;
  }
  for (const box of document.querySelectorAll("dialog")) box.remove();
  main.setAttribute("aria-busy", "true");
  try {
    await found.page({ address, go, path, id: found.id });
    showMenu();
  } catch (problem) {
    if (mine !== turn) return;
    const { code, text } = words(problem);
    if (code === "session_ended") return;
    const again = () => {
      history.replaceState(null, "", BASE + whole);
      return route();
    };
    show("잠시 후 다시 시도해 주세요", [panel(null, el("p", { role: "alert", "data-code": code }, text), el("button", { class: "primary", onclick: again }, "다시 시도"))]);
  } finally {
    if (mine === turn) main.removeAttribute("aria-busy");
  }
}
function go(path) {
  history.pushState(null, "", BASE + path);
  return route();
}
function showWho() {
  const who = document.querySelector("#who");
  if (!isSignedIn()) {
    who.replaceChildren(el("a", { href: `${BASE}/login` }, "로그인"), el("a", { href: `${BASE}/sign-up` }, "회원가입"));
    return;
  }
  const out = async () => {
    await signOut();
    await go("/login");
  };
  who.replaceChildren(el("button", { class: "small", onclick: out }, "로그아웃"));
}
function showMenu() {
  const menu = document.querySelector("#menu");
  menu.hidden = !isSignedIn();
  if (!isSignedIn()) return menu.replaceChildren();
  void me().then(({ menu: items }) => {
    const open = window.matchMedia("(min-width: 60rem)").matches;
    menu.replaceChildren(el("details", { open }, el("summary", {}, "메뉴"), el("ul", {}, items.map(entry2))));
  }, () => void 0);
}
function entry2(item) {
  const here = item.path !== null && `${BASE}${item.path}`.replace(/\/$/, "") === location.pathname.replace(/\/$/, "");
  const href = item.target === "EXTERNAL" ? item.path : item.path && pageOf(item.path) ? `${BASE}${item.path}` : null;
  return el(
    "li",
    { "data-key": item.key },
    href ? el("a", { href, "aria-current": here ? "page" : null }, item.label) : el("span", {}, item.label),
    item.children.length > 0 && el("ul", {}, item.children.map(entry2))
  );
}
addEventListener("session", () => {
  showWho();
  showMenu();
});
addEventListener("session-ended", () => {
  keep("return-to", location.pathname.slice(BASE.length) || "/");
  void go("/login");
});
addEventListener("popstate", () => void route());
addEventListener("pageshow", (event) => {
  if (event.persisted) void route();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest(`a[href^="${BASE}/"]`);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.pathname === `${BASE}/login`) drop("return-to");
  void go(link.getAttribute("href").slice(BASE.length));
});
showWho();
void route();
