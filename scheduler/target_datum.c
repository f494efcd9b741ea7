/* SPDX-License-Identifier: Apache-2.0 */
/* target_datum.c - places of Chinese maps as WGS 84.
 *
 * GCJ-02 shifts WGS 84 by up to some 700 m inside China: a sum of sines of the distance from
 * (35 N, 105 E), scaled to degrees on the Krasovsky ellipsoid (a = 6 378 245 m,
 * e2 = 0.006 693 421 622 965 943 23). BD-09 turns and stretches GCJ-02 once more around
 * (0.0065, 0.006). Neither is published officially; these are the formulas in general use, good to
 * a metre or so. The inverse of the first is found by iteration: the shift changes so slowly that
 * each step gains about four digits. */
#include <math.h>
#include <stdbool.h>

#include "scheduler/load.h"

#define AXIS_M     6378245.0
#define ECCENTRIC2 0.00669342162296594323
#define BD_TURN    (M_PI * 3000.0 / 180.0)

const char *const load_datum_names[3] = {"WGS84", "GCJ-02", "BD-09"};

/* Outside this box GCJ-02 is WGS 84. */
static bool in_china(double lat, double lon)
{
    return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

static double waves(double v, double first, double second)
{
    return (20 * sin(v * M_PI) + first * sin(v / 3 * M_PI) + second) * 2 / 3;
}

static void shift(double lat, double lon, double *ret_lat, double *ret_lon)
{
    double x = lon - 105, y = lat - 35, root = sqrt(fabs(x));
    double common = (20 * sin(6 * x * M_PI) + 20 * sin(2 * x * M_PI)) * 2 / 3;
    double north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common +
                   waves(y, 40, 160 * sin(y / 12 * M_PI) + 320 * sin(y * M_PI / 30));
    double east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common +
                  waves(x, 40, 150 * sin(x / 12 * M_PI) + 300 * sin(x / 30 * M_PI));
    double s = sin(lat / 180 * M_PI), magic = 1 - ECCENTRIC2 * s * s, r = sqrt(magic);

    *ret_lat = north * 180 / (AXIS_M * (1 - ECCENTRIC2) / (magic * r) * M_PI);
    *ret_lon = east * 180 / (AXIS_M / r * cos(lat / 180 * M_PI) * M_PI);
}

static void from_gcj(double *lat, double *lon)
{
    double to_lat = *lat, to_lon = *lon;

    if (!in_china(to_lat, to_lon))
        return;
    for (int i = 0; i < 8; i++) {
        double d_lat, d_lon;

        shift(*lat, *lon, &d_lat, &d_lon);
        *lat = to_lat - d_lat;
        *lon = to_lon - d_lon;
    }
}

static void from_bd(double *lat, double *lon)
{
    double x = *lon - 0.0065, y = *lat - 0.006;
    double z = sqrt(x * x + y * y) - 0.00002 * sin(y * BD_TURN);
    double theta = atan2(y, x) - 0.000003 * cos(x * BD_TURN);

    *lon = z * cos(theta);
    *lat = z * sin(theta);
}

void load_to_wgs84(unsigned datum, double *lat, double *lon)
{
    if (datum == 2 && in_china(*lat, *lon))
        from_bd(lat, lon);
    if (datum != 0)
        from_gcj(lat, lon);
}
