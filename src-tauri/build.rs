//! Embeds the page, the capabilities and, on Windows, the icon.

fn main() {
    // A new build of the page must land in the binary.
    println!("cargo::rerun-if-changed=ui/dist");
    tauri_build::build();
}
