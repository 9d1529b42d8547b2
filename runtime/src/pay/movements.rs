//! How balances changed, as a table beside the payments: the movements of an owner add up to what is left.

use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::output::batch::{Batch, Cells, Header, Kind, Sink, Texts};
use crate::pay::columns::{amounts, units};
use crate::pay::credits::{AMOUNT, header, words, write_key};
use crate::pay::sinks::BATCH;
use crate::store::loaded::Loaded;
use meed_compiler::balances::{Movement, Mover};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Balance, Plan};
use std::io;

/// The columns of movements.
const MOVEMENTS: [(&str, Kind); 11] = [
    ("balance", Kind::Word),
    ("key", Kind::Text),
    ("lot", Kind::Text),
    ("when", Kind::Word),
    ("kind", Kind::Word),
    ("unit", Kind::Word),
    ("amount", AMOUNT),
    ("left", AMOUNT),
    ("rule", Kind::Word),
    ("event", Kind::Word),
    ("event_key", Kind::Text),
];

/// The columns of movements; none where the program has no balances.
pub fn movements_header(plan: &Plan) -> Option<Header> {
    (!plan.balances.is_empty()).then(|| header(&MOVEMENTS, plan))
}

/// The place of a column.
pub(crate) fn movement_column(name: &str) -> usize {
    let place = MOVEMENTS.iter().position(|(known, _)| *known == name);
    place.unwrap_or_else(|| broken(format!("movements have no column `{name}`")))
}

/// Writes the movements by balance as declared, then by owner in the order of their rows, then as they came.
///
/// # Errors
/// What the sink meets.
pub(super) fn write_movements(plan: &Plan, loaded: &Loaded, result: &RunResult, sink: &mut dyn Sink) -> io::Result<()> {
    let origins: Vec<Option<Origin<'_>>> = (0..plan.versions.len() as u32)
        .map(|id| Origin::of(plan, meed_compiler::plan::VersionId(id), loaded, result))
        .collect();
    let origins = Origins { plan, loaded, origins };
    for (balance, movements) in plan.balances.iter().zip(&result.movements) {
        for movements in movements.chunks(BATCH) {
            sink.take(origins.batch(balance, movements))?;
        }
    }
    Ok(())
}

/// What the rows of rules come from; rules on balances are over rows that are held.
struct Origins<'a> {
    plan: &'a Plan,
    loaded: &'a Loaded,
    /// By version.
    origins: Vec<Option<Origin<'a>>>,
}

impl Origins<'_> {
    fn of(&self, mover: Mover) -> &Origin<'_> {
        self.origins[mover.version.index()].as_ref().unwrap_or_else(|| broken("a movement by a rule that was not run"))
    }

    /// The key of the event that a row comes from, or the name of its period.
    fn name(&self, mover: Mover, texts: &mut Texts) {
        match self.of(mover) {
            origin @ Origin::Event { record, .. } => {
                write_key(&self.loaded.keys[record.index()], origin.source(mover.row), texts);
            }
            Origin::EntityPeriods { period, periods, .. } => {
                texts.push(&self.plan.calendar.name(*period, periods.period[mover.row as usize]));
            }
        }
    }

    fn batch(&self, balance: &Balance, movements: &[Movement]) -> Batch {
        let (plan, loaded) = (self.plan, self.loaded);
        let texts = |write: &dyn Fn(&Movement, &mut Texts)| {
            let mut texts = Texts::default();
            movements.iter().for_each(|movement| write(movement, &mut texts));
            Cells::Texts(texts)
        };
        // An entity and its period have no key of an event.
        let event = |movement: &Movement| match movement.by.map(|by| self.of(by)) {
            Some(Origin::Event { record, .. }) => plan.record(*record).name.clone(),
            Some(Origin::EntityPeriods { .. }) | None => String::new(),
        };
        let unit = || movements.iter().map(|_| balance.unit);
        let money = |of: &dyn Fn(&Movement) -> i64| {
            amounts(plan, movements.iter().map(|movement| of(movement).into()).collect(), unit())
        };
        let columns = vec![
            Cells::always(&balance.name, movements.len()),
            texts(&|movement, texts| match balance.per {
                Some(record) => write_key(&loaded.keys[record.index()], movement.owner, texts),
                None => texts.end(),
            }),
            texts(&|movement, texts| match movement.lot {
                Some(lot) => self.name(lot, texts),
                None => texts.end(),
            }),
            words(movements.iter().map(|movement| meed_compiler::plan::calendar::date_of(movement.when).to_string())),
            words(movements.iter().map(|movement| movement.kind.word().to_owned())),
            units(plan, unit()),
            money(&|movement| movement.amount),
            money(&|movement| movement.left),
            words(movements.iter().map(|movement| match movement.by {
                Some(by) => plan.version(by.version).name.clone(),
                None => String::new(),
            })),
            words(movements.iter().map(event)),
            texts(&|movement, texts| match movement.by {
                Some(by) if matches!(self.of(by), Origin::Event { .. }) => self.name(by, texts),
                _ => texts.end(),
            }),
        ];
        Batch { n_rows: movements.len(), columns }
    }
}
