# Builds with the SDK. The final image has no shell and no package manager, and its user is not root.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG STEP=src/My.Step-1
ARG RUNTIME=src/ReWorker
WORKDIR /build

# The files that decide which packages are restored come first: Docker reuses this layer until one of them changes.
COPY global.json Directory.*.props Directory.*.targets ./
COPY ${RUNTIME}/Directory.*.props ${RUNTIME}/
COPY ${RUNTIME}/Wire/ReWorker.Wire.csproj ${RUNTIME}/Wire/packages.lock.json* ${RUNTIME}/Wire/
COPY ${RUNTIME}/Client/ReWorker.Client.csproj ${RUNTIME}/Client/packages.lock.json* ${RUNTIME}/Client/
COPY ${RUNTIME}/Runtime/ReWorker.csproj ${RUNTIME}/Runtime/packages.lock.json* ${RUNTIME}/Runtime/
COPY ${RUNTIME}/Tools/ReWorker.Tools.csproj ${RUNTIME}/Tools/packages.lock.json* ${RUNTIME}/Tools/
COPY ${STEP}/My.Step-1.csproj ${STEP}/packages.lock.json* ${STEP}/
RUN dotnet restore ${STEP} --use-current-runtime

COPY .editorconfig ./
COPY ${RUNTIME} ${RUNTIME}
COPY ${STEP} ${STEP}
RUN dotnet publish ${STEP} --no-restore --use-current-runtime --output /app \
 && mkdir /output

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
LABEL org.opencontainers.image.title="my-step-1" \
      org.opencontainers.image.description="My.Step-1, a RabbitMQ worker" \
      org.opencontainers.image.base.name="mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled"
WORKDIR /app
COPY --from=build /app ./
# the output worker's directory; a volume that is mounted here inherits its owner
COPY --from=build --chown=$APP_UID:$APP_UID /output /output
USER $APP_UID
EXPOSE 8080
# asks the worker whether it is ready
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["./My.Step-1", "health"]
ENTRYPOINT ["./My.Step-1"]
