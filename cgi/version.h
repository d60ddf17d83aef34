/* The program's own version and those of AgentMark that it matches. */
#ifndef VERSION_H
#define VERSION_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unreleased"
#endif

#define PROGRAM "agentmark-fcgi"
#define TEMPLATEDX "@agentmark-ai/templatedx 0.4.2"
#define AGENTMARK "AgentMark CLI 0.27.7"

#endif
