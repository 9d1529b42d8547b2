//! The examples are in the command: it is built again when they change.

fn main() {
    println!("cargo:rerun-if-changed=../examples");
}
