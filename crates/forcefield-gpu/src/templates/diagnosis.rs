//! Says why no template fits a residue: which one is nearest, and what differs.

use crate::matching::Graph;
use molio::Element;
use std::collections::BTreeMap;
use std::fmt::Display;

/// How often something occurs in the residue less how often in the template.
type Difference<K> = BTreeMap<K, i64>;

/// A sentence on the template that comes nearest: first by heavy atoms, then by all atoms, by bonds
/// inside, by bonds to other residues; among equals, the one whose name is most like the residue's. Templates of
/// the residue's own name come before those of others, unless it has the heavy atoms of another and more than
/// its own.
pub(super) fn explain(
    name: &str,
    terminal: bool,
    residue: &Graph,
    templates: Vec<(&str, &Graph)>,
) -> String {
    if templates.is_empty() {
        return "the force field has no residue templates".to_owned();
    }
    let terminal_hint = if terminal {
        "; it ends a chain: is the chain's end one that the force field has (hydrogens on N, OXT, or a cap)?"
    } else {
        ""
    };
    let atoms = |g: &Graph| count(g.elements.iter().copied());
    let heavy = |d: &Difference<Element>| total(d.iter().filter(|(e, _)| **e != Element::HYDROGEN));
    let by_heavy_atoms = |g: &Graph| score(&difference(&atoms(residue), &atoms(g)), heavy);
    let (own, others): (Vec<_>, Vec<_>) = templates
        .into_iter()
        .partition(|(template, _)| is_form_of(template, name.trim()));
    let other = nearest(others.clone(), by_heavy_atoms);
    let near = if own.is_empty() {
        other
    } else {
        let own_near = nearest(own.clone(), by_heavy_atoms);
        let is_part = own_near.templates.iter().any(|(_, g)| {
            let difference = difference(&atoms(residue), &atoms(g));
            difference.values().all(|&d| d <= 0)
        });
        if is_part || other.distance > 0 || other.templates.is_empty() {
            own_near
        } else {
            nearest([own, others].concat(), by_heavy_atoms)
        }
    };
    if near.distance > 0 {
        let (best, graph) = near.pick(name);
        let text = phrase(&difference(&atoms(residue), &atoms(graph)), atom_text);
        return format!("the nearest is {best}, but the residue {text}{terminal_hint}");
    }
    let near = nearest(near.templates, |g| {
        score(&difference(&atoms(residue), &atoms(g)), |d| total(d.iter()))
    });
    if near.distance > 0 {
        let (best, graph) = near.pick(name);
        let text = phrase(&difference(&atoms(residue), &atoms(graph)), atom_text);
        return format!(
            "the heavy atoms are those of {best}, but the residue {text}{terminal_hint}"
        );
    }
    let near = nearest(near.templates, |g| {
        score(&difference(&bonds(residue), &bonds(g)), |d| total(d.iter()))
    });
    if near.distance > 0 {
        let (best, graph) = near.pick(name);
        let text = phrase(&difference(&bonds(residue), &bonds(graph)), bond_text);
        return format!(
            "the atoms are those of {best}, but the residue {text}; does the structure have all its bonds?"
        );
    }
    let external = |g: &Graph| {
        let atoms = g.elements.iter().zip(&g.external);
        count(atoms.flat_map(|(&element, &n)| std::iter::repeat_n(element, n)))
    };
    let near = nearest(near.templates, |g| {
        score(&difference(&external(residue), &external(g)), |d| {
            total(d.iter())
        })
    });
    let (best, graph) = near.pick(name);
    if near.distance > 0 {
        let text = phrase(
            &difference(&external(residue), &external(graph)),
            |element, many| {
                format!(
                    "{} from {}",
                    plural("bond to other residues", many),
                    atom_text(element, false)
                )
            },
        );
        return format!(
            "atoms and bonds are those of {best}, but the residue {text}{terminal_hint}"
        );
    }
    format!(
        "it has as many atoms and bonds of each kind as {best}, but they are connected differently"
    )
}

/// Whether a template is that of a residue's name, perhaps at a chain's end, or of another proton.
fn is_form_of(template: &str, name: &str) -> bool {
    let forms: &[&str] = match name {
        "HIS" | "HSD" | "HSE" | "HSP" => &["HID", "HIE", "HIP"],
        "CYS" => &["CYS", "CYX", "CYM"],
        "ASP" => &["ASP", "ASH"],
        "GLU" => &["GLU", "GLH"],
        "LYS" => &["LYS", "LYN"],
        _ => &[],
    };
    let base = template
        .strip_prefix(['N', 'C'])
        .filter(|base| base.len() >= 3)
        .unwrap_or(template);
    [template, base]
        .iter()
        .any(|&candidate| candidate == name || forms.contains(&candidate))
}

/// The templates at the least distance.
struct Nearest<'a> {
    templates: Vec<(&'a str, &'a Graph)>,
    distance: i64,
}

impl<'a> Nearest<'a> {
    fn pick(&self, name: &str) -> (&'a str, &'a Graph) {
        let likeness = |template: &str| common_letters(name.trim(), template.trim());
        let mut best = self.templates[0];
        for &candidate in &self.templates[1..] {
            if likeness(candidate.0) > likeness(best.0) {
                best = candidate;
            }
        }
        best
    }
}

/// Prefers templates that have all that the residue has, and more, over those that lack something.
fn nearest<'a>(
    templates: Vec<(&'a str, &'a Graph)>,
    score: impl Fn(&Graph) -> (bool, i64),
) -> Nearest<'a> {
    let scored: Vec<_> = templates.into_iter().map(|t| (score(t.1), t)).collect();
    let best = scored
        .iter()
        .map(|(score, _)| *score)
        .min()
        .unwrap_or((false, 0));
    let kept = scored.into_iter().filter(|(score, _)| *score == best);
    Nearest {
        templates: kept.map(|(_, template)| template).collect(),
        distance: best.1,
    }
}

fn score<K>(difference: &Difference<K>, size: impl Fn(&Difference<K>) -> i64) -> (bool, i64) {
    (difference.values().any(|&d| d > 0), size(difference))
}

fn total<'a, K: 'a>(difference: impl Iterator<Item = (&'a K, &'a i64)>) -> i64 {
    difference.map(|(_, d)| d.abs()).sum()
}

fn count<K: Ord>(items: impl Iterator<Item = K>) -> Difference<K> {
    let mut counts = Difference::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

fn bonds(graph: &Graph) -> Difference<(Element, Element)> {
    let mut kinds = Vec::new();
    for (atom, bonded) in graph.bonded.iter().enumerate() {
        for &other in bonded.iter().filter(|&&other| other > atom) {
            let pair = (graph.elements[atom], graph.elements[other]);
            kinds.push((pair.0.min(pair.1), pair.0.max(pair.1)));
        }
    }
    count(kinds.into_iter())
}

fn difference<K: Ord + Copy>(residue: &Difference<K>, template: &Difference<K>) -> Difference<K> {
    let mut result = residue.clone();
    for (key, n) in template {
        *result.entry(*key).or_default() -= n;
    }
    result
}

/// "is missing 2 H atoms and has 1 O atom too many".
fn phrase<K: Copy>(difference: &Difference<K>, text: impl Fn(K, bool) -> String) -> String {
    let list = |sign: i64| {
        let wanted = difference.iter().filter(|(_, d)| d.signum() == sign);
        let items = wanted.map(|(key, d)| format!("{} {}", d.abs(), text(*key, d.abs() > 1)));
        items.collect::<Vec<_>>().join(", ")
    };
    let (missing, extra) = (list(-1), list(1));
    match (missing.is_empty(), extra.is_empty()) {
        (false, true) => format!("is missing {missing}"),
        (true, _) => format!("has {extra} too many"),
        (false, false) => format!("is missing {missing} and has {extra} too many"),
    }
}

fn symbol(element: Element) -> &'static str {
    match element.symbol() {
        "" => "unknown",
        symbol => symbol,
    }
}

fn atom_text(element: Element, many: bool) -> String {
    format!("{} {}", symbol(element), plural("atom", many))
}

fn bond_text((a, b): (Element, Element), many: bool) -> String {
    format!("{}-{} {}", symbol(a), symbol(b), plural("bond", many))
}

fn plural(word: &str, many: bool) -> impl Display {
    match (many, word.split_once(' ')) {
        (false, _) => word.to_owned(),
        (true, None) => format!("{word}s"),
        (true, Some((first, rest))) => format!("{first}s {rest}"),
    }
}

/// Twice the length of the longest common subsequence over the sum of the lengths, in thousandths.
fn common_letters(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut row = vec![0; b.len() + 1];
    for &x in &a {
        let mut diagonal = 0;
        for (j, &y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y {
                diagonal + 1
            } else {
                above.max(row[j])
            };
            diagonal = above;
        }
    }
    2000 * row[b.len()] / (a.len() + b.len()).max(1)
}
