use std::fs;
use std::path::Path;

use super::{Unseen, tokens, unseen};

/// What is not seen of a crate with this root, as `what:line`.
fn of(source: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("lib.rs");
    fs::write(&root, source).expect("it can be written");
    of_file(&root)
}

fn of_file(root: &Path) -> Vec<String> {
    let tokens = tokens::of_crate(root);
    let told = unseen(&tokens).into_iter().map(|found| {
        let what = match found.unseen {
            Unseen::References(call) => call,
            Unseen::Unsafe => "unsafe".to_owned(),
            Unseen::Foreign(what) => what,
            Unseen::Outside(path) => path,
        };
        format!("{what}:{}", found.at.line)
    });
    told.collect()
}

fn nothing(source: &str) {
    assert_eq!(of(source), [""; 0], "{source}");
}

#[test]
fn decisions_by_the_number_of_references_are_found_however_they_are_written() {
    for (call, source) in [
        (
            "Arc::strong_count",
            "fn f(a: &Arc<u8>) -> usize { Arc::strong_count(a) }",
        ),
        (
            "Arc::strong_count",
            "fn f() { assert!(<Arc<u8>>::strong_count(&A) == 1); }",
        ),
        (
            "Arc::weak_count",
            "fn f() { std::sync::Arc::weak_count(&A); }",
        ),
        (
            "Arc::try_unwrap",
            "use std::sync::Arc as A; fn f() { A::try_unwrap(a); }",
        ),
        (
            "Arc::get_mut",
            "use std::sync::Arc as A; fn f() { A::get_mut(&mut a); }",
        ),
        ("Arc::get_mut", "fn f() { Arc::<u8>::get_mut(&mut a); }"),
        ("Arc::get_mut", "fn f() { <Arc<u8>>::get_mut(&mut a); }"),
        (
            "Arc::into_inner",
            "type Shared<T> = std::sync::Arc<T>; fn f() { Shared::into_inner(a); }",
        ),
        ("Arc::into_inner", "fn f() { a.map(Arc::into_inner); }"),
        (
            "Arc::strong_count",
            "macro_rules! ask { ($what:ident) => { Arc::$what(&A) } } fn f() { ask!(strong_count); }",
        ),
        (
            "Arc::get_mut",
            "impl<T> Own for Arc<T> { fn f(mut self) { Self::get_mut(&mut self); } }",
        ),
        ("Arc::make_mut", "fn f() { Arc::make_mut(&mut a); }"),
        (
            "Weak::upgrade",
            "use std::sync::Weak; fn f(w: &Weak<u8>) { w.upgrade(); }",
        ),
        (
            "Weak::upgrade",
            "fn f() { let w = Arc::downgrade(&a); all.filter_map(|w| w.upgrade()); }",
        ),
        (
            "Weak::upgrade",
            "use std::sync::Weak; fn f() { all.filter_map(Weak::upgrade); }",
        ),
    ] {
        assert_eq!(of(source), [format!("{call}:1")], "{source}");
    }
}

#[test]
fn what_has_the_same_name_and_counts_nothing_is_left_alone() {
    nothing(
        "fn f() { map.get_mut(&1); lock.into_inner(); Mutex::into_inner(m); HashMap::get_mut(); }",
    );
    nothing("struct Arcade; fn f() { Mutex::<Arc<u8>>::into_inner(m); }");
    nothing("impl Plan { fn upgrade(self) {} } fn f() { plan.upgrade(); }");
    nothing("// Arc::strong_count\nfn f() { \"unsafe Arc::strong_count std::fs::read\"; }");
    nothing("fn f() { Arc::clone(&a); Arc::ptr_eq(&a, &b); Arc::new(1); }");
}

#[test]
fn unsafe_and_foreign_code_is_found() {
    assert_eq!(of("\nfn f() { unsafe { g() } }"), ["unsafe:2"]);
    assert_eq!(of("unsafe impl Send for A {}"), ["unsafe:1"]);
    assert_eq!(
        of("unsafe extern \"C\" { fn g(); }"),
        ["unsafe:1", "extern:1"]
    );
    assert_eq!(of("pub extern \"C\" fn f() {}"), ["extern:1"]);
    assert_eq!(
        of("#[unsafe(no_mangle)] pub fn f() {}"),
        ["unsafe:1", "no_mangle:1"]
    );
    nothing("extern crate alloc;");
}

#[test]
fn the_world_outside_is_found() {
    for (path, source) in [
        ("std::fs", "fn f() { std::fs::read(p); }"),
        ("std::fs", "use std::fs; fn f() { fs::read(p); }"),
        (
            "std::fs",
            "use std::{fs::{self, File}, sync::Mutex}; fn f() {}",
        ),
        ("std::fs", "use std as s; fn f() { s::fs::read(p); }"),
        ("std::fs", "use std::*; fn f() { fs::read(p); }"),
        ("std::env", "use std::env::var; fn f() { var(\"HOME\"); }"),
        ("std::net", "fn f() { ::std::net::TcpStream::connect(a); }"),
        ("std::io::stdin", "use std::io; fn f() { io::stdin(); }"),
        (
            "std::process::Command",
            "use std::process; fn f() { process::Command::new(\"a\"); }",
        ),
        (
            "std::thread::available_parallelism",
            "fn f() { std::thread::available_parallelism(); }",
        ),
        (
            "std::thread::available_parallelism",
            "use std::thread; fn f() { thread::available_parallelism(); }",
        ),
        (
            "std::panic::set_hook",
            "use std::panic; fn f() { panic::set_hook(h); }",
        ),
    ] {
        assert_eq!(of(source), [format!("{path}:1")], "{source}");
    }
    let looks = "use std::path::Path; fn f() { Path::new(p).exists(); }";
    assert_eq!(of(looks), ["std::path:1"]);
    nothing("use std::path::Path; fn f(p: &Path) { p.join(q); }");
    nothing(
        "use std::{io, process, thread, panic}; fn f() { process::exit(1); io::Error::other(1); }",
    );
    nothing("mod fs { pub fn read() {} } fn f() { fs::read(); crate::fs::read(); }");
}

#[test]
fn modules_count_and_tests_do_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("it can be written");
    };
    let root = folder.path().join("lib.rs");
    write(
        "lib.rs",
        "mod a; mod b { mod c; } #[path = \"elsewhere.rs\"] mod d; mod lib;
        #[cfg(test)] mod tests { fn f() { std::fs::read(p); } }
        #[test] fn g() { std::env::args(); }
        include!(\"more.in\");",
    );
    write("a.rs", "mod inner;");
    write("a/inner.rs", "\nfn f() { Arc::get_mut(&mut a) }");
    write("b/c.rs", "\n\nfn f() { unsafe {} }");
    write("elsewhere.rs", "fn f() { std::net::lookup() }");
    write("more.in", "fn f() { std::os::unix::g() }");
    write("unused.rs", "fn f() { std::process::id() }");
    let mut found = of_file(&root);
    found.sort();
    assert_eq!(
        found,
        ["Arc::get_mut:2", "std::net:1", "std::os:1", "unsafe:3"]
    );
}
