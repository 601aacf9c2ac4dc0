//! Error codes as labels.

use std::fmt::{Error, Write as _};

use magpie_protocol::ErrorCode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

use crate::AppError;

/// The label `code`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Code {
    code: Word,
}

/// The label `outcome`: `ok`, or the code of the failure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Outcome {
    outcome: Word,
}

/// A code as it travels; the given text where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Word {
    Code(ErrorCode),
    Text(&'static str),
}

impl Code {
    pub(crate) fn of(code: ErrorCode) -> Self {
        let code = Word::Code(code);
        Self { code }
    }
}

impl Outcome {
    pub(crate) fn of<T>(result: &Result<T, AppError>) -> Self {
        let outcome = match result {
            Ok(_) => Word::Text("ok"),
            Err(error) => Word::Code(error.code()),
        };
        Self { outcome }
    }
}

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), Error> {
        match self {
            Self::Text(text) => encoder.write_str(text),
            Self::Code(code) => {
                let code = serde_json::to_value(code).map_err(|_| Error)?;
                encoder.write_str(code.as_str().ok_or(Error)?)
            }
        }
    }
}
