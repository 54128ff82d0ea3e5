//! XML elements whose attributes are read with an error that names file and line.

use crate::{Error, Result};
use roxmltree::{Document, Node, ParsingOptions};
use std::path::Path;

/// No force field or system comes near this number of XML nodes.
const MAX_NODES: u32 = 50_000_000;

/// Parses a document; document type definitions, and with them entities, are refused.
pub(crate) fn parse<'a>(path: &Path, text: &'a str) -> Result<Document<'a>> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| {
        let line = error.pos().row as usize;
        Error::malformed(path, line, "well-formed XML", error.to_string())
    })
}

/// Reads a text file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })?;
    String::from_utf8(bytes).map_err(|_| Error::malformed(path, 0, "text in UTF-8", "other bytes"))
}

/// An element and the file it is in.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a, 'input> {
    node: Node<'a, 'input>,
    path: &'a Path,
}

impl<'a, 'input: 'a> Element<'a, 'input> {
    /// The root, which must be called `tag`.
    pub(crate) fn root(path: &'a Path, document: &'a Document<'input>, tag: &str) -> Result<Self> {
        let root = Self {
            node: document.root_element(),
            path,
        };
        if root.tag() == tag {
            return Ok(root);
        }
        let found = format!("<{}>", root.tag());
        Err(root.error(&format!("<{tag}> as the root"), &found))
    }

    /// Name of the element.
    pub(crate) fn tag(&self) -> &'a str {
        self.node.tag_name().name()
    }

    /// Child elements, in order.
    pub(crate) fn children(&self) -> impl Iterator<Item = Self> + use<'a, 'input> {
        let path = self.path;
        self.node
            .children()
            .filter(Node::is_element)
            .map(move |node| Self { node, path })
    }

    /// Child elements called `tag`.
    pub(crate) fn all(&self, tag: &'a str) -> impl Iterator<Item = Self> + use<'a, 'input> {
        self.children().filter(move |child| child.tag() == tag)
    }

    /// The first child called `tag`.
    pub(crate) fn first(&self, tag: &'a str) -> Option<Self> {
        self.all(tag).next()
    }

    /// The first child called `tag`, or an error.
    pub(crate) fn required(&self, tag: &'a str) -> Result<Self> {
        self.first(tag)
            .ok_or_else(|| self.error(&format!("<{tag}> in <{}>", self.tag()), "none"))
    }

    /// The text inside.
    pub(crate) fn text(&self) -> &'a str {
        self.node.text().unwrap_or("")
    }

    /// All attributes.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a, 'input> {
        self.node
            .attributes()
            .map(|attribute| (attribute.name(), attribute.value()))
    }

    /// An attribute that may be missing.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.node.attribute(name)
    }

    /// An attribute that must be there.
    pub(crate) fn attribute(&self, name: &str) -> Result<&'a str> {
        self.get(name).ok_or_else(|| {
            self.error(
                &format!("an attribute {name:?} of <{}>", self.tag()),
                "none",
            )
        })
    }

    /// A finite number.
    pub(crate) fn number(&self, name: &str) -> Result<f64> {
        let text = self.attribute(name)?;
        self.parse_number(name, text)
    }

    /// A whole number.
    pub(crate) fn integer<T: std::str::FromStr>(&self, name: &str) -> Result<T> {
        let text = self.attribute(name)?;
        text.trim().parse().map_err(|_| {
            self.error(
                &format!("a whole number in range as {name:?} of <{}>", self.tag()),
                text,
            )
        })
    }

    /// `text` of the attribute `name` as a finite number.
    pub(crate) fn parse_number(&self, name: &str, text: &str) -> Result<f64> {
        let number = text
            .trim()
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite());
        number.ok_or_else(|| {
            self.error(
                &format!("a finite number as {name:?} of <{}>", self.tag()),
                text,
            )
        })
    }

    /// The numbers in the text inside, separated by blanks.
    pub(crate) fn numbers(&self) -> Result<Vec<f64>> {
        self.text()
            .split_ascii_whitespace()
            .map(|word| self.parse_number("text", word))
            .collect()
    }

    /// Line of the element, from 1.
    pub(crate) fn line(&self) -> usize {
        let document = self.node.document();
        document.text_pos_at(self.node.range().start).row as usize
    }

    /// The file.
    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    /// An error at this place.
    pub(crate) fn error(&self, expected: &str, found: &str) -> Error {
        Error::malformed(self.path, self.line(), expected, found)
    }
}
