{{- define "berth.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "berth.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "berth.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "berth.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "berth.selectorLabels" -}}
app.kubernetes.io/name: {{ include "berth.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "berth.labels" -}}
{{ include "berth.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "berth.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "berth.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "berth.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "berth.shared" -}}
{{- if and .Values.metadata.url .Values.s3.bucket }}true{{ end }}
{{- end }}

{{- /* A volume serves one replica: one process has the data directory. */ -}}
{{- define "berth.replicas" -}}
{{- if include "berth.shared" . }}{{ .Values.replicaCount }}{{ else }}{{ min 1 .Values.replicaCount }}{{ end }}
{{- end }}

{{- /* What would lose images, or never start, ends here with a sentence. */ -}}
{{- define "berth.check" -}}
{{- if and .Values.metadata.url (not .Values.s3.bucket) }}
{{- fail "metadata.url needs s3.bucket as well: the pods share no directory" }}
{{- end }}
{{- if and .Values.s3.bucket (not .Values.metadata.url) }}
{{- fail "s3.bucket needs metadata.url as well: the pods share no database" }}
{{- end }}
{{- if not (or (include "berth.shared" .) .Values.persistence.enabled) }}
{{- fail "say where images are kept: metadata.url and s3.bucket, or persistence.enabled" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (not (include "berth.shared" .)) }}
{{- fail "autoscaling.enabled needs metadata.url and s3.bucket: a volume serves one replica" }}
{{- end }}
{{- if and .Values.s3.accessKeyId (not .Values.s3.secretAccessKey) }}
{{- fail "s3.accessKeyId needs s3.secretAccessKey" }}
{{- end }}
{{- if contains "@" (regexReplaceAll "^[a-z]+://([^:@/]*@)?" .Values.metadata.url "") }}
{{- fail "metadata.url holds a password: give that as metadata.password or metadata.existingSecret" }}
{{- end }}
{{- end }}

{{- define "berth.passwordSecret" -}}
{{- if .Values.metadata.existingSecret }}{{ .Values.metadata.existingSecret }}
{{- else if .Values.metadata.password }}{{ include "berth.fullname" . }}
{{- end }}
{{- end }}

{{- define "berth.passwordKey" -}}
{{- if .Values.metadata.existingSecret }}{{ .Values.metadata.existingSecretKey }}{{ else }}metadata-password{{ end }}
{{- end }}

{{- define "berth.s3Secret" -}}
{{- if .Values.s3.existingSecret }}{{ .Values.s3.existingSecret }}
{{- else if .Values.s3.accessKeyId }}{{ include "berth.fullname" . }}
{{- end }}
{{- end }}

{{- /* What the chart's own values say, over what config says. */ -}}
{{- define "berth.settings" -}}
{{- $own := dict "listen" (list ":5000") "data" "/var/lib/berth" }}
{{- if .Values.metadata.url }}
{{- $metadata := dict "url" .Values.metadata.url "pool" (int .Values.metadata.pool) }}
{{- if include "berth.passwordSecret" . }}
{{- $_ := set $metadata "password-file" "/etc/berth/metadata/password" }}
{{- end }}
{{- $_ := set $own "metadata" $metadata }}
{{- end }}
{{- if .Values.s3.bucket }}
{{- $s3 := dict "bucket" .Values.s3.bucket "path-style" (toString .Values.s3.pathStyle) }}
{{- if .Values.s3.region }}{{ $_ := set $s3 "region" .Values.s3.region }}{{ end }}
{{- if .Values.s3.endpoint }}{{ $_ := set $s3 "endpoint" .Values.s3.endpoint }}{{ end }}
{{- if .Values.s3.prefix }}{{ $_ := set $s3 "prefix" .Values.s3.prefix }}{{ end }}
{{- $_ := set $own "storage" (dict "s3" $s3) }}
{{- end }}
{{- if .Values.tls.secretName }}
{{- $_ := set $own "tls" (dict "certificate" "/etc/berth/tls/tls.crt" "key" "/etc/berth/tls/tls.key") }}
{{- end }}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $own) }}
{{- end }}
