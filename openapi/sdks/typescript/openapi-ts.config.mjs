// Read by `python -m tools.sdks typescript`: the document is the one whose operations have SDK names.
const folder = process.env.SDK_FOLDER;

export default {
  input: `${folder}/document.json`,
  output: { path: `${folder}/src`, postProcess: [], importFileExtension: ".js" },
  plugins: [
    { name: "@hey-api/client-fetch", includeInEntry: true },
    { name: "@hey-api/typescript", enums: false },
    {
      name: "@hey-api/sdk",
      operations: {
        strategy: "byTags",
        methods: "static",
        nesting: "operationId",
        containerName: "{{name}}",
        methodName: (name) => name.slice(name.indexOf("_") + 1),
      },
    },
  ],
};
