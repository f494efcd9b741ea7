/* SPDX-License-Identifier: Apache-2.0 */
/* novastar.h - the command "qp novastar": control and status of NovaStar sending cards.
 *
 * Control only: how a NovaStar sending card passes pixels on is not public, so such a wall gets its
 * picture over HDMI, DVI or DP. */
#ifndef CONTROLLER_CLI_NOVASTAR_H
#define CONTROLLER_CLI_NOVASTAR_H

/* argv[0] is "novastar"; returns enum cli_exit. */
int cli_novastar(int argc, char **argv);

#endif
