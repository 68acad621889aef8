// An agent by the official TypeScript SDKs: calls one tool, and prints what came of it as JSON.
// Told by the environment: SDK (`sdk` of the handshakes, `client` of both eras), URL, TOKEN, TOOL,
// GIVEN (JSON), and PAGES where it can send its person to one.
const { SDK, URL: address, TOKEN, TOOL, GIVEN, PAGES } = process.env;
const url = new URL(address);
const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } };
const name = { name: `typescript-${SDK}`, version: "1" };
const capabilities = PAGES ? { elicitation: { url: {} } } : {};
const shown = [];

async function connected() {
  if (SDK === "sdk") {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StreamableHTTPClientTransport } = await import(
      "@modelcontextprotocol/sdk/client/streamableHttp.js"
    );
    const client = new Client(name, { capabilities });
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    return client;
  }
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const client = new Client(name, { capabilities, versionNegotiation: { mode: "auto" } });
  if (PAGES) {
    client.setRequestHandler("elicitation/create", async (request) => {
      shown.push(request.params.url);
      return { action: "accept" };
    });
  }
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
  return client;
}

const client = await connected();
const tools = (await client.listTools()).tools.map((tool) => tool.name);
const said = { tools, shown };
try {
  said.result = await client.callTool({ name: TOOL, arguments: JSON.parse(GIVEN) });
} catch (fault) {
  said.error = { code: fault.code, message: fault.message, data: fault.data };
}
console.log(JSON.stringify(said));
await client.close();
