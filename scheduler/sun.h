/* SPDX-License-Identifier: Apache-2.0 */
/* sun.h - sunrise and sunset of one solar day; sun_times() of occurrence.h chooses the day.
 *
 * NOAA's solar calculator (after J. Meeus, Astronomical Algorithms): declination and equation of
 * time from the mean elements of the sun's orbit, the upper limb on the horizon with 34' of
 * refraction (90.833 degrees). Good to a minute between 72 degrees South and North for 1900 to
 * 2100; for remote years the elements drift. Pure; any thread. */
#ifndef SCHEDULER_SUN_H
#define SCHEDULER_SUN_H

#include <stdbool.h>
#include <stdint.h>

/* When the sun is highest at a longitude (degrees, east positive): UTC seconds since 1970; `day`
 * counts the noons, at longitude 0 they lie on that UTC day. */
double sun_noon(int64_t day, double lon);
/* The rise before and the set after that noon. False: there is none at this latitude. */
bool sun_rise(int64_t day, double lat, double lon, double *ret_s);
bool sun_set(int64_t day, double lat, double lon, double *ret_s);

#endif
