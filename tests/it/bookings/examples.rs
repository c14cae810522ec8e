//! Microsoft's own examples are read: whatever its documentation prints, spelt as it prints it.

use healthbot_scheduler::providers::{
    bookings::wire::{Appointment, Business, Service, StaffAvailabilities, StaffMember},
    graph::wire::{Page, read},
};

macro_rules! example {
    ($name:literal) => {
        include_bytes!(concat!("../../fixtures/graph-examples/", $name)).as_slice()
    };
}

#[test]
fn a_business_is_read() {
    let business: Business = read(example!("bookings.get-business.response.json")).unwrap();
    assert!(business.id.contains('@'), "{business:?}");
    assert!(!business.business_hours.is_empty() && business.display_name.is_some());
    let policy = business.scheduling_policy.unwrap();
    assert!(policy.time_slot_interval.is_some() && policy.maximum_advance.is_some());
    let businesses: Page<Business> = read(example!("bookings.list-businesses.response.json")).unwrap();
    assert_eq!(businesses.value.len(), 2);
}

#[test]
fn services_and_staff_are_read() {
    let services: Page<Service> = read(example!("bookings.list-services.response.json")).unwrap();
    let minutes: Vec<i64> =
        services.value.iter().map(|service| service.default_duration.unwrap().num_minutes()).collect();
    assert_eq!(minutes, [10, 30, 90]);
    assert!(services.value[0].scheduling_policy.is_none() && services.value[1].scheduling_policy.is_some());
    let staff: Page<StaffMember> = read(example!("bookings.list-staff-members.response.json")).unwrap();
    assert_eq!(staff.value.len(), 2);
    assert_eq!(staff.value[0].time_zone.as_deref(), Some("America/Chicago"));
}

#[test]
fn appointments_are_read_by_old_names_and_new() {
    let view: Page<Appointment> = read(example!("bookings.calendar-view.response.json")).unwrap();
    let list: Page<Appointment> = read(example!("bookings.list-appointments.response.json")).unwrap();
    let made: Appointment = read(example!("bookings.create-appointment.response.json")).unwrap();
    let one: Appointment = read(example!("bookings.get-appointment.response.json")).unwrap();
    for appointment in view.value.iter().chain(&list.value).chain([&made, &one]) {
        let time = appointment.time().unwrap_or_else(|| panic!("no time: {}", appointment.id));
        assert_eq!((time.end() - time.start()).num_minutes(), 30);
        let buffered = appointment.buffered().unwrap();
        assert_eq!((buffered.end() - buffered.start()).num_minutes(), 45);
        assert!(!appointment.service_id.is_empty() && appointment.customer_ids().count() == 1);
    }
    assert_eq!(made.reminders.unwrap().len(), 3);
}

#[test]
fn availability_is_read_under_either_key() {
    let told: StaffAvailabilities = read(example!("bookings.get-staff-availability.response.json")).unwrap();
    let items = told.value.iter().flat_map(|staff| &staff.availability_items);
    let starts: Vec<_> =
        items.map(|item| item.start_date_time.instant().expect("a time in a known zone")).collect();
    assert_eq!(starts.len(), 5);
    let other: StaffAvailabilities =
        read(br#"{"value": [{"staffId": "s", "availabilityItems": []}]}"#).unwrap();
    assert_eq!(other.value[0].staff_id, "s");
}
