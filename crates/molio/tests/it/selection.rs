//! The selection language on a small topology, and on text that nobody would write.

use molio::{AtomRecord, Element, Error, Selection, Topology, TopologyBuilder};
use proptest::prelude::*;

/// ACE(-1)-HIE(10)-GLY(11)-GLY(11A) in chain A, DA(1) in B, NA and HOH without chain.
fn topology() -> Topology {
    let mut builder = TopologyBuilder::default();
    let mut residue = |chain: Option<&str>, name: &str, number, code, atoms: &[&str]| {
        if let Some(chain) = chain {
            builder.start_chain(chain);
        }
        builder.start_residue(name, number, code, matches!(name, "HOH" | "NA"));
        for atom in atoms {
            builder.add_atom(AtomRecord::new(atom, Element::guess(atom, name)));
        }
    };
    residue(Some("A"), "ACE", -1, None, &["CH3", "C", "O"]); // 0-2
    residue(None, "HIE", 10, None, &["N", "CA", "C", "O", "CB", "HB2"]); // 3-8
    residue(None, "GLY", 11, None, &["N", "CA", "C", "O"]); // 9-12
    residue(None, "GLY", 11, Some('A'), &["N", "CA", "C", "O"]); // 13-16
    residue(Some("B"), "DA", 1, None, &["P", "O5'", "N9"]); // 17-19
    residue(Some(""), "NA", 1, None, &["NA"]); // 20
    residue(None, "HOH", 2, None, &["O", "H1", "H2"]); // 21-23
    builder.build()
}

fn select(text: &str) -> Vec<usize> {
    Selection::parse(text).unwrap().indices(&topology())
}

#[test]
fn every_word() {
    for (text, expected) in [
        ("all", (0..24).collect()),
        ("none", vec![]),
        ("protein", (0..17).collect::<Vec<_>>()),
        ("nucleic", vec![17, 18, 19]),
        ("ion", vec![20]),
        ("water", vec![21, 22, 23]),
        ("hetero", vec![20, 21, 22, 23]),
        ("hydrogen", vec![8, 22, 23]),
        ("water and heavy", vec![21]),
        ("backbone and resname HIE", vec![3, 4, 5, 6]),
        ("nucleicbackbone", vec![17, 18]),
        ("name CA CB", vec![4, 7, 10, 14]),
        ("name O5'", vec![18]),
        ("name H* CH?", vec![0, 8, 22, 23]),
        ("resname ACE DA", vec![0, 1, 2, 17, 18, 19]),
        ("chain A and name CA", vec![4, 10, 14]),
        ("segid B", vec![17, 18, 19]),
        ("chain \"\"", vec![20, 21, 22, 23]),
        ("name \"CA\"", vec![4, 10, 14]),
        ("element p Na", vec![17, 20]),
        ("resid 11 and name CA", vec![10]),
        ("resid 11A and name CA", vec![14]),
        ("resid 10:11A and name CA", vec![4, 10, 14]),
        ("resid 10 to 11 and name CA", vec![4, 10]),
        ("resid -1", vec![0, 1, 2]),
        ("resid -5--1", vec![0, 1, 2]),
        ("resid -5 - -1", vec![0, 1, 2]),
        ("resid 10 -1 and name C", vec![1, 5]),
        ("resid -2:0 11-12 and name C", vec![1, 11, 15]),
        ("resid > 10 and name CA", vec![10, 14]),
        ("resid <= 10 and name CA", vec![4]),
        ("index 0:2 7", vec![0, 1, 2, 7]),
        ("index < 2", vec![0, 1]),
        ("index != 0 and index <= 2", vec![1, 2]),
        ("serial 1:2", vec![0, 1]),
        ("resindex 5", vec![20]),
        ("not protein and not water", vec![17, 18, 19, 20]),
        ("not (protein or water)", vec![17, 18, 19, 20]),
        ("not not ion", vec![20]),
        ("protein and(name CA)", vec![4, 10, 14]),
        ("  protein\tand\nname CB ", vec![7]),
        ("water and heavy or ion", vec![20, 21]),
        ("ion or (water and heavy)", vec![20, 21]),
    ] {
        assert_eq!(select(text), expected, "{text}");
    }
}

#[test]
fn errors_point_at_the_character() {
    for (text, column) in [
        ("", 0),
        ("   ", 3),
        ("protien", 0),
        ("name", 4),
        ("name and CA", 5),
        ("name CA protein", 8),
        ("name CA or", 10),
        ("(name CA", 8),
        ("name CA)", 7),
        ("resid ten", 6),
        ("resid 5:", 8),
        ("resid 5:x", 8),
        ("resid 9:5", 8),
        ("resid 5x5", 8),
        ("resid 99999999999999999999", 6),
        ("index -", 6),
        ("index 1.5", 7),
        ("element Xx", 8),
        ("name \"CA", 8),
        ("all or name CA and ion", 15),
        ("()", 1),
        ("index 5A", 7),
    ] {
        match Selection::parse(text) {
            Err(Error::Selection { column: found, .. }) => assert_eq!(found, column, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let message = Selection::parse("name CA and resid ten")
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "selection: expected a number, found `ten`\n  name CA and resid ten\n                    ^"
    );
}

#[test]
fn deep_and_long_texts_are_answered() {
    let deep = "(".repeat(100_000) + "all" + &")".repeat(100_000);
    assert!(Selection::parse(&deep).is_err());
    assert!(Selection::parse(&"not ".repeat(100_000)).is_err());
    let long = vec!["name CA"; 20_000].join(" or ");
    assert_eq!(select(&long), [4, 10, 14]);
    let message = Selection::parse(&(long + " or")).unwrap_err().to_string();
    assert!(message.len() < 400, "{}", message.len());
}

proptest! {
    #[test]
    fn any_text_is_accepted_or_refused(text in "\\PC{0,60}") {
        if let Ok(selection) = Selection::parse(&text) {
            selection.indices(&topology());
        }
    }

    #[test]
    fn any_words_are_accepted_or_refused(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "name", "CA", "and", "or", "not", "(", ")", "resid", "10", "-", ":", "to", "-5", "é", "\"", "*",
                "index", "<", "all", "element", "C", "99999999999", "chain", "protein", "5:7", "\t", "5A-",
            ]),
            0..12,
        )
    ) {
        let text = words.join(" ");
        match Selection::parse(&text) {
            Ok(selection) => {
                selection.indices(&topology());
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
