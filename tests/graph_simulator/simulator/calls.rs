//! The calls of Bookings that an application uses: how each is spelled, and which roles would do.

use warp::http::Method;

use super::reply::Reply;

/// Which call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    ListBusinesses,
    GetBusiness,
    ListServices,
    GetService,
    ListStaffMembers,
    GetStaffMember,
    ListCustomQuestions,
    GetCustomQuestion,
    ListCustomers,
    CreateCustomer,
    GetCustomer,
    DeleteCustomer,
    StaffAvailability,
    CalendarView,
    ListAppointments,
    CreateAppointment,
    GetAppointment,
    UpdateAppointment,
    DeleteAppointment,
    CancelAppointment,
}

/// A call with the ids of its path.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub kind: Kind,
    /// Of the business; empty where the call has none.
    pub business: String,
    /// Of what lies inside the business; empty where the call has none.
    pub id: String,
}

/// How a call is spelled: the template as counts and rules see it, and as the official schema does.
pub(crate) struct Spelling {
    pub kind: Kind,
    pub method: Method,
    pub template: &'static str,
    pub openapi: &'static str,
}

macro_rules! spelling {
    ($kind:ident, $method:ident, $template:literal, $openapi:literal) => {
        Spelling {
            kind: Kind::$kind,
            method: Method::$method,
            template: concat!("/solutions/bookingBusinesses", $template),
            openapi: concat!("/solutions/bookingBusinesses", $openapi),
        }
    };
}

static SPELLINGS: [Spelling; 20] = [
    spelling!(ListBusinesses, GET, "", ""),
    spelling!(GetBusiness, GET, "/{id}", "/{bookingBusiness-id}"),
    spelling!(ListServices, GET, "/{id}/services", "/{bookingBusiness-id}/services"),
    spelling!(GetService, GET, "/{id}/services/{id}", "/{bookingBusiness-id}/services/{bookingService-id}"),
    spelling!(ListStaffMembers, GET, "/{id}/staffMembers", "/{bookingBusiness-id}/staffMembers"),
    spelling!(
        GetStaffMember,
        GET,
        "/{id}/staffMembers/{id}",
        "/{bookingBusiness-id}/staffMembers/{bookingStaffMemberBase-id}"
    ),
    spelling!(ListCustomQuestions, GET, "/{id}/customQuestions", "/{bookingBusiness-id}/customQuestions"),
    spelling!(
        GetCustomQuestion,
        GET,
        "/{id}/customQuestions/{id}",
        "/{bookingBusiness-id}/customQuestions/{bookingCustomQuestion-id}"
    ),
    spelling!(ListCustomers, GET, "/{id}/customers", "/{bookingBusiness-id}/customers"),
    spelling!(CreateCustomer, POST, "/{id}/customers", "/{bookingBusiness-id}/customers"),
    spelling!(
        GetCustomer,
        GET,
        "/{id}/customers/{id}",
        "/{bookingBusiness-id}/customers/{bookingCustomerBase-id}"
    ),
    spelling!(
        DeleteCustomer,
        DELETE,
        "/{id}/customers/{id}",
        "/{bookingBusiness-id}/customers/{bookingCustomerBase-id}"
    ),
    spelling!(
        StaffAvailability,
        POST,
        "/{id}/getStaffAvailability",
        "/{bookingBusiness-id}/microsoft.graph.getStaffAvailability"
    ),
    spelling!(CalendarView, GET, "/{id}/calendarView", "/{bookingBusiness-id}/calendarView"),
    spelling!(ListAppointments, GET, "/{id}/appointments", "/{bookingBusiness-id}/appointments"),
    spelling!(CreateAppointment, POST, "/{id}/appointments", "/{bookingBusiness-id}/appointments"),
    spelling!(
        GetAppointment,
        GET,
        "/{id}/appointments/{id}",
        "/{bookingBusiness-id}/appointments/{bookingAppointment-id}"
    ),
    spelling!(
        UpdateAppointment,
        PATCH,
        "/{id}/appointments/{id}",
        "/{bookingBusiness-id}/appointments/{bookingAppointment-id}"
    ),
    spelling!(
        DeleteAppointment,
        DELETE,
        "/{id}/appointments/{id}",
        "/{bookingBusiness-id}/appointments/{bookingAppointment-id}"
    ),
    spelling!(
        CancelAppointment,
        POST,
        "/{id}/appointments/{id}/cancel",
        "/{bookingBusiness-id}/appointments/{bookingAppointment-id}/microsoft.graph.cancel"
    ),
];

impl Kind {
    /// How it is spelled.
    pub(crate) fn spelling(self) -> &'static Spelling {
        SPELLINGS.iter().find(|spelling| spelling.kind == self).expect("every kind has a spelling")
    }

    /// `POST /solutions/bookingBusinesses/{id}/appointments`.
    pub(crate) fn name(self) -> String {
        let spelling = self.spelling();
        format!("{} {}", spelling.method, spelling.template)
    }

    /// Whether it answers with appointments, one or many.
    pub(crate) fn reads_appointments(self) -> bool {
        matches!(self, Self::GetAppointment) || self.lists_appointments()
    }

    /// Whether it answers with many appointments.
    pub(crate) fn lists_appointments(self) -> bool {
        matches!(self, Self::ListAppointments | Self::CalendarView)
    }

    /// Whether it books, or moves what is booked.
    pub(crate) fn writes_appointments(self) -> bool {
        matches!(self, Self::CreateAppointment | Self::UpdateAppointment)
    }

    /// Whether its answer has pages.
    pub(crate) fn is_list(self) -> bool {
        use Kind::{ListBusinesses, ListCustomQuestions, ListCustomers, ListServices, ListStaffMembers};
        self.lists_appointments()
            || matches!(
                self,
                ListBusinesses | ListCustomQuestions | ListCustomers | ListServices | ListStaffMembers
            )
    }

    /// Whether one of the granted roles would do.
    pub(crate) fn is_allowed(self, granted: &[String]) -> bool {
        self.roles().iter().any(|role| granted.iter().any(|granted| granted == role))
    }

    fn roles(self) -> &'static [&'static str] {
        match self {
            Self::ListBusinesses => &[READ, READ_WRITE, MANAGE],
            Self::StaffAvailability => &[READ, READ_WRITE, MANAGE, "Calendars.Read", "Calendars.ReadWrite"],
            Self::CancelAppointment => &[READ_WRITE, MANAGE],
            Self::CreateCustomer | Self::DeleteCustomer => &[APPOINTMENT, READ_WRITE, MANAGE],
            // `Bookings.Read.All` may write appointments: odd, but so Microsoft's map of permissions says.
            _ => &[READ, APPOINTMENT, READ_WRITE, MANAGE],
        }
    }
}

const READ: &str = "Bookings.Read.All";
const READ_WRITE: &str = "Bookings.ReadWrite.All";
const MANAGE: &str = "Bookings.Manage.All";
const APPOINTMENT: &str = "BookingsAppointment.ReadWrite.All";

/// Which call a path names, below `/v1.0`. A segment is decoded after the path was split, so that an id keeps an
/// encoded slash.
pub(crate) fn named_by(method: &Method, path: &str) -> Result<Call, Reply> {
    let segments: Vec<String> = path.split('/').skip(1).map(decoded).collect();
    let fits = |spelling: &&Spelling| {
        let template: Vec<&str> = spelling.template.split('/').skip(1).collect();
        template.len() == segments.len()
            && template.iter().zip(&segments).all(|(wanted, segment)| fills(wanted, segment))
    };
    let ways: Vec<&Spelling> = SPELLINGS.iter().filter(fits).collect();
    if ways.is_empty() {
        let last = segments.last().cloned().unwrap_or_default();
        return Err(Reply::no_such_segment(&last));
    }
    let spelling = ways.iter().find(|spelling| spelling.method == *method);
    let Some(spelling) = spelling else {
        let message = format!("The OData request is not supported: {method} {path}.");
        return Err(Reply::error(405, "Request_BadRequest", &message));
    };
    let segment = |index: usize| segments.get(index).cloned().unwrap_or_default();
    Ok(Call { kind: spelling.kind, business: segment(2), id: segment(4) })
}

fn fills(wanted: &str, segment: &str) -> bool {
    match wanted {
        "{id}" => !segment.is_empty(),
        wanted => segment.strip_prefix("microsoft.graph.").unwrap_or(segment) == wanted,
    }
}

fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
