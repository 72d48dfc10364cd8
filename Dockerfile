# The image of Berth: the binary, the C library's files that it loads, and CA certificates.
# Run `npm run build` first: it gathers them in dist/rootfs, so that this needs no network. What is in it, packages and
# system alike, stands in /usr/share/sbom/berth.cdx.json.
FROM scratch
COPY dist/rootfs/ /
COPY --chown=65532:65532 dist/data /var/lib/berth

# Published as whichever port one likes: it answers on 5000 and on 1234.
ENV BERTH_LISTEN=:5000,:1234 \
    BERTH_DATA=/var/lib/berth
EXPOSE 5000 1234
VOLUME /var/lib/berth
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/usr/bin/berth", "healthcheck"]
ENTRYPOINT ["/usr/bin/berth"]
CMD ["serve"]
