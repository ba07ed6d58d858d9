import type * as Native from "../native.js";

/** The native addon, or an error that tells how to get it. */
function load(): typeof Native {
  try {
    return require("../native.js");
  } catch (cause) {
    throw new Error(
      `paymento has no native addon for ${process.platform}-${process.arch} here. ` +
        "In a checkout, build it with `npm run build` in bindings-node. " +
        "In an installation, delete node_modules and package-lock.json and install again, with optional dependencies " +
        "(npm/cli#4828). A bundler must leave the package out: `serverExternalPackages` in Next.js, `external` in " +
        "esbuild, webpack and rollup",
      { cause },
    );
  }
}

export const native = load();
export type { Native };
