// Where Blazor has blazor.webassembly.js: a script that starts as soon as it is there. It writes down what it finds, as early as
// .NET could never call it, and the address, which .NET reads before it calls anything.
Object.assign(globalThis, {
  started: {
    functions: Object.keys(globalThis.AuthenticationService ?? {}),
    uri: location.href,
  },
});
