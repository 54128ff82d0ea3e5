//! Where force fields are evaluated, as the user names it.

use anyhow::Result;
use forcefield_gpu::{Device, Engine, EngineConfig, Error, System};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// `cpu`, `cuda` (the first GPU), `cuda:N`, or `auto`, the first GPU if there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum DeviceName {
    #[default]
    Cpu,
    Cuda(usize),
    Auto,
}

impl DeviceName {
    /// An engine for `system` there.
    ///
    /// # Errors
    /// If the system is not valid, or a GPU was asked for and there is none, or none that can be used.
    pub(crate) fn engine(self, system: &System) -> Result<Engine> {
        let on = |device| {
            Engine::new(
                system,
                EngineConfig {
                    device,
                    ..EngineConfig::default()
                },
            )
        };
        Ok(match self {
            Self::Cpu => on(Device::Cpu)?,
            Self::Cuda(number) => on(Device::Cuda(number))?,
            Self::Auto => match on(Device::Cuda(0)) {
                Err(Error::NoCuda { reason }) => {
                    tracing::info!("on the processor, as {reason}");
                    on(Device::Cpu)?
                }
                other => other?,
            },
        })
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.parse().ok().map(Self::Cuda);
        let named = match text {
            "cpu" => Some(Self::Cpu),
            "auto" => Some(Self::Auto),
            "cuda" => Some(Self::Cuda(0)),
            _ => text.strip_prefix("cuda:").and_then(number),
        };
        named.ok_or_else(|| format!("expected cpu, cuda, cuda:N or auto, found {text}"))
    }
}

impl TryFrom<String> for DeviceName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DeviceName> for String {
    fn from(name: DeviceName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(0) => f.write_str("cuda"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
            Self::Auto => f.write_str("auto"),
        }
    }
}

/// What computed, for reports.
pub(crate) fn describe(engine: &Engine) -> String {
    match engine.device() {
        Device::Cuda(number) => format!("CUDA device {number}"),
        _ => format!("{:?}", engine.instruction_set()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for name in ["cpu", "cuda", "cuda:3", "auto"] {
            assert_eq!(name.parse::<DeviceName>().unwrap().to_string(), name);
        }
        for name in ["gpu", "cuda:", "cuda:-1", "CPU", ""] {
            assert!(name.parse::<DeviceName>().is_err(), "{name}");
        }
    }
}
