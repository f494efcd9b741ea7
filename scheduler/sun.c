/* SPDX-License-Identifier: Apache-2.0 */
/* sun.c - sunrise and sunset of a local date.
 *
 * NOAA's solar calculator (after J. Meeus, Astronomical Algorithms): declination and equation of
 * time from the mean elements of the sun's orbit, the upper limb on the horizon with 34' of
 * refraction (90.833 degrees). Good to a minute between 72 degrees South and North for 1900 to
 * 2100; for remote years the elements drift. */
#include <math.h>

#include "protocols/base/tz.h"
#include "scheduler/civil.h"
#include "scheduler/occurrence.h"

#define RAD                (M_PI / 180.0)
#define J2000_S            946728000.0 /* 2000-01-01 12:00 UTC */
#define CENTURY_S          (36525.0 * 86400.0)
#define ZENITH             (90.833 * RAD)
#define SECONDS_PER_DEGREE 240.0

struct sun {
    double declination; /* radians */
    double equation_s;  /* equation of time */
};

static struct sun sun_at(double utc_s)
{
    double t = (utc_s - J2000_S) / CENTURY_S;
    double mean_lon = fmod(280.46646 + t * (36000.76983 + t * 0.0003032), 360.0) * RAD;
    double anomaly = fmod(357.52911 + t * (35999.05029 - t * 0.0001537), 360.0) * RAD;
    double e = 0.016708634 - t * (0.000042037 + t * 0.0000001267);
    double centre = sin(anomaly) * (1.914602 - t * (0.004817 + t * 0.000014)) +
                    sin(2 * anomaly) * (0.019993 - t * 0.000101) + sin(3 * anomaly) * 0.000289;
    double node = (125.04 - 1934.136 * t) * RAD;
    double lon = mean_lon + (centre - 0.00569 - 0.00478 * sin(node)) * RAD;
    double tilt =
        (23.0 + (26.0 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60.0) / 60.0 +
         0.00256 * cos(node)) *
        RAD;
    double y = tan(tilt / 2) * tan(tilt / 2);
    double equation = y * sin(2 * mean_lon) - 2 * e * sin(anomaly) +
                      4 * e * y * sin(anomaly) * cos(2 * mean_lon) -
                      0.5 * y * y * sin(4 * mean_lon) - 1.25 * e * e * sin(2 * anomaly);

    return (struct sun){.declination = asin(sin(tilt) * sin(lon)),
                        .equation_s = equation / RAD * SECONDS_PER_DEGREE};
}

static double mean_noon(int64_t day, double lon)
{
    return (double)day * CIVIL_DAY_S + 43200.0 - lon * SECONDS_PER_DEGREE;
}

/* When the sun is highest at a longitude (degrees, east positive): UTC seconds since 1970; `day`
 * counts the noons, at longitude 0 they lie on that UTC day. */
static double true_noon(int64_t day, double lon)
{
    double noon = mean_noon(day, lon);

    return noon - sun_at(noon).equation_s;
}

/* side: -1 rise, 1 set; sun: at the mean noon. It moves on while it climbs: three rounds settle it
 * to a second. */
static bool crossing(double noon, struct sun sun, double lat, double side, double *ret_s)
{
    double s = noon;

    for (int i = 0; i < 3; i++) {
        double h = cos(ZENITH) / (cos(lat * RAD) * cos(sun.declination)) -
                   tan(lat * RAD) * tan(sun.declination);

        if (!(fabs(h) <= 1.0)) /* NaN as well */
            return false;
        s = noon - sun.equation_s + side * acos(h) / RAD * SECONDS_PER_DEGREE;
        if (i < 2)
            sun = sun_at(s);
    }
    *ret_s = s;
    return true;
}

static int32_t offset_at(const struct tz *zone, int64_t utc_s)
{
    struct tz_span span = {.offset_s = 0};

    if (zone)
        tz_span(zone, utc_s, &span);
    return span.offset_s;
}

/* Which noon is that of a local date: with a clock far from the sun's time it may be the one of the
 * UTC day before or after. False: the date does not exist (a zone that jumped over the date line).
 */
static bool noon_of_date(double lon, int32_t date, const struct tz *zone, int64_t *ret)
{
    int64_t middle = (int64_t)date * CIVIL_DAY_S + 43200;
    double ahead = 43200.0 - lon * SECONDS_PER_DEGREE + offset_at(zone, middle);
    int64_t day = date - (int64_t)floor(ahead / CIVIL_DAY_S);

    for (int i = 0; i < 2; i++) {
        int64_t noon = (int64_t)floor(true_noon(day, lon));
        int64_t its_date = civil_floor_div(noon + offset_at(zone, noon), CIVIL_DAY_S);

        if (its_date == date) {
            *ret = day;
            return true;
        }
        day += its_date < date ? 1 : -1;
    }
    return false;
}

static int64_t whole_minutes_ms(double s)
{
    return (int64_t)floor(s / 60.0 + 0.5) * 60000;
}

bool sun_times(double lat, double lon, int32_t day, const struct tz *zone, int64_t *ret_rise_ms,
               int64_t *ret_set_ms)
{
    double rise, set, mean;
    struct sun sun;
    int64_t noon;

    if (!(fabs(lat) <= 90.0) || !(fabs(lon) <= 180.0) || !noon_of_date(lon, day, zone, &noon))
        return false;
    mean = mean_noon(noon, lon);
    sun = sun_at(mean);
    if (!crossing(mean, sun, lat, -1.0, &rise) || !crossing(mean, sun, lat, 1.0, &set))
        return false;
    *ret_rise_ms = whole_minutes_ms(rise);
    *ret_set_ms = whole_minutes_ms(set);
    return true;
}
