//! [`VerifyShape`]: which members verify's answer has, and in which form.

use serde_json::Value;

use super::{Fault, profile::Profile};
use crate::status::OrderStatus;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VerifyShape {
    status: StatusForm,
    pub(super) settlement: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusForm {
    Name,
    Number,
    NumericText,
    Absent,
}

impl VerifyShape {
    /// What the profile documents, unless a fault makes it otherwise.
    pub(super) fn new(profile: Profile, faults: &[Fault]) -> Self {
        let documented = match profile {
            Profile::Current => Self { status: StatusForm::Name, settlement: true },
            Profile::Published => Self { status: StatusForm::Number, settlement: false },
        };
        faults.iter().fold(documented, |shape, fault| match fault {
            Fault::ApiStatusInteger => Self { status: StatusForm::Number, ..shape },
            Fault::ApiStatusNumericText => Self { status: StatusForm::NumericText, ..shape },
            Fault::ApiStatusAbsent => Self { status: StatusForm::Absent, ..shape },
            Fault::ApiLegacyVerify => Self { status: StatusForm::Absent, settlement: false },
            _ => shape,
        })
    }

    pub(super) fn status(self, status: OrderStatus) -> Option<Value> {
        match self.status {
            StatusForm::Name => Some(status.name().into()),
            StatusForm::Number => Some(status.code().into()),
            StatusForm::NumericText => Some(status.code().to_string().into()),
            StatusForm::Absent => None,
        }
    }
}
