// The package carries no types of its own.
declare module "oidc-provider";
