//! Behaviour × provider: whatever system a clinic uses, a chatbot sees one contract.
//!
//! Every cell is a test of its own, through HTTP on the real binary, started as the Functions host does. A
//! provider joins with one function in [`ground`], which prepares its host, and its name in the last line. What
//! a provider cannot do is said by its capabilities, and picks the assertion; no cell is left out.

mod appointment;
mod book;
pub(crate) mod bookings_town;
mod cancel;
mod laws;
mod locations;
mod reschedule;
mod slots;
pub(crate) mod town;

pub(crate) use town::Town;
pub(crate) use town::scheduling_toml;

/// A host per provider, with the town of `town.toml` behind it.
mod ground {
    use healthbot_scheduler::provider::{Capabilities, Record};

    use super::Town;
    use crate::fakes::functions_host::FunctionsHost;

    pub(super) async fn embedded() -> Town {
        let host = FunctionsHost::start(Some(&super::town::scheduling_toml())).await;
        let can = Capabilities {
            record: Record::Ledger,
            shared_objects: false,
            fixed_openings: true,
            reschedule: true,
        };
        Town::new(host, "embedded", can)
    }

    pub(super) async fn bookings() -> Town {
        super::bookings_town::town().await
    }
}

macro_rules! behaviours {
    ($provider:ident: $($area:ident { $($behaviour:ident)+ })+) => {
        mod $provider {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                Box::pin(super::$area::$behaviour(super::ground::$provider().await)).await;
            })+)+
        }
    };
}

macro_rules! conformance {
    ($($provider:ident)+) => {
        $(behaviours!($provider:
            locations {
                all_sites_are_listed_with_what_they_offer
                the_nearest_site_to_a_position_is_first
                the_nearest_site_to_a_postal_code_is_first
                a_canadian_postal_code_is_a_place
                elsewhere_the_same_code_or_city_is_near
                a_place_nobody_knows_is_asked_for_again
                only_sites_within_a_distance_are_listed
                a_cursor_walks_every_site_once
                a_filter_leaves_the_sites_that_match
                hours_and_closures_are_told
            }
            slots {
                a_default_search_covers_fourteen_days
                a_date_is_a_day_at_the_site
                a_span_of_dates_and_of_instants
                words_for_days_are_days_at_the_site
                parts_of_the_day_are_by_the_sites_clock
                a_practitioner_narrows_the_search
                a_later_dose_is_within_its_window
                a_first_dose_is_offered_only_where_a_second_can_follow
                a_cursor_walks_every_slot_once
                a_time_zone_moves_labels_and_offsets
                the_soonest_of_several_sites_are_first
                nothing_on_a_day_comes_with_alternatives
                what_is_not_there_is_said
                a_site_without_chat_says_where_to_book
                nothing_outside_the_bookable_range_is_offered
                labels_follow_the_change_of_the_clocks
                a_group_has_one_seat_less_after_each_booking
            }
            book {
                one_appointment_is_booked
                a_series_is_booked_whole
                a_second_dose_alone_can_be_booked
                a_group_fills_seat_by_seat
                a_preview_writes_nothing
                one_slot_may_be_named_alone
                a_consent_is_needed_where_there_is_one
                questions_are_asked_and_answers_checked
                an_age_outside_the_limits_is_not_eligible
                an_audience_is_kept_to
                a_practitioner_is_chosen_where_the_service_lets
                a_broken_interval_is_told
                what_cannot_be_booked_says_why
                a_contact_has_only_so_many_open_bookings
                a_request_id_gets_the_same_answer_again
                a_request_id_with_other_contents_is_refused
                a_repeated_invocation_gets_the_same_code
                a_taken_slot_comes_with_alternatives
                a_series_with_a_taken_dose_books_nothing
                two_children_with_one_phone_are_two_bookings
                blanks_and_texts_from_cards_are_understood
            }
            cancel {
                a_booking_is_cancelled_whole_and_its_slot_is_free_again
                a_dose_and_all_later_ones_are_cancelled
                cancelling_twice_is_not_an_error
                a_wrong_contact_and_an_unknown_code_are_not_found
                a_preview_of_cancelling_writes_nothing
                it_is_too_late_within_the_notice
                a_cancelled_request_id_says_so
            }
            reschedule {
                one_appointment_moves
                a_whole_series_moves
                one_dose_of_a_series_moves_within_its_interval
                a_broken_interval_moves_nothing
                a_taken_slot_leaves_the_old_place
                a_preview_of_moving_writes_nothing
                a_repeated_move_is_answered_again
                a_move_stays_with_whom_the_patient_chose
                slots_for_a_move_fit_the_other_doses
                slots_for_a_move_of_a_whole_series_are_those_of_a_new_one
            }
            appointment {
                a_booking_is_found_by_any_of_its_contacts
                a_code_is_forgiven_its_spelling
                a_national_number_is_the_international_one
                too_many_wrong_contacts_close_the_booking
                a_cancelled_booking_is_still_shown
            }
        );)+
    };
}

conformance!(embedded bookings);
