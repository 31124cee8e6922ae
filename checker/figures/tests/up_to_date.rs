//! The pictures in `docs/figures` are what the references do today. With
//! `SNAPSHOTS=overwrite` they are drawn anew.

use std::path::Path;

use snapbox::{Data, assert_data_eq};

#[test]
fn the_pictures_show_what_the_references_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/figures");
    for (name, picture) in figures::all() {
        let drawn = Data::read_from(&folder.join(name), None).raw();
        assert_data_eq!(picture, drawn);
    }
}
