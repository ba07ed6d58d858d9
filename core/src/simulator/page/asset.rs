//! The pages' own files, all in the binary: nothing comes from the network.

/// A file that a page loads.
pub(in crate::simulator) struct Asset {
    pub(in crate::simulator) path: &'static str,
    pub(in crate::simulator) kind: &'static str,
    pub(in crate::simulator) content: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

pub(in crate::simulator) static ASSETS: [Asset; 7] = [
    Asset { path: "/gateway/icon.svg", kind: "image/svg+xml", content: include_str!("icon.svg") },
    Asset { path: "/gateway/base.css", kind: CSS, content: include_str!("base.css") },
    Asset { path: "/gateway/checkout.css", kind: CSS, content: include_str!("checkout.css") },
    Asset { path: "/gateway/checkout.js", kind: SCRIPT, content: include_str!("checkout.js") },
    Asset { path: "/gateway/live.js", kind: SCRIPT, content: include_str!("live.js") },
    Asset { path: "/dashboard/dashboard.css", kind: CSS, content: include_str!("dashboard.css") },
    Asset { path: "/dashboard/dashboard.js", kind: SCRIPT, content: include_str!("dashboard.js") },
];
