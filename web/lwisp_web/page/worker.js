/**
 * The worker's entry. A classic script, because LiteRT.js loads its module by importScripts, which module workers lack;
 * messages that come before the modules are loaded wait.
 */
const darkroom = import("./darkroom.js");
onmessage = async ({ data }) => (await darkroom).handle(data);
