/** `#bytes` exists only while the package is built: the wasm file in base64. */
declare const base64: string;
export default base64;
