// libwebp's decoder, which needs no help: it reads from memory and returns a status.
#ifndef SB_WEBP_H
#define SB_WEBP_H

#include <webp/decode.h>

#endif
