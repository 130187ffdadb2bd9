# docker build -t switchback .
# docker run --rm -v "$PWD:/work" switchback classify train --data digits --model cnn
FROM swift:6.3-bookworm AS build
WORKDIR /source
COPY Scripts/setup.sh Scripts/
RUN Scripts/setup.sh
COPY . .
RUN make install PREFIX=/usr DESTDIR=/installed

FROM debian:bookworm-slim
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends \
        ffmpeg libcairo2 libgif7 libjpeg62-turbo libpng16-16 libtiff6 libwebp7 zlib1g \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /installed /
# Data, weights and runs are the user's folder.
WORKDIR /work
ENTRYPOINT ["switchback"]
CMD ["--help"]
