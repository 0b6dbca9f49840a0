# pipeline.sh: what is done with the genome in the working directory, by whatever minimap2, bwa, samtools and gzip are in PATH.
set -eu -o pipefail
bwa index ref.fa 2>/dev/null
bwa mem -t 2 ref.fa reads.fq 2>/dev/null | samtools sort -O bam -o short.bam -
samtools index short.bam
bwa mem ref.fa reads.fq 2>/dev/null | samtools sort -O bam - | samtools view -h -q 30 - >short.sam
minimap2 -a ref.fa long.fq 2>/dev/null | samtools sort -O sam - >long.sam
bwa mem ref.fa <(cut -c 1-200 reads.fq) 2>/dev/null | samtools sort -O sam - >substituted.sam
samtools flagstat short.bam >flagstat
samtools view short.bam chr2:1000-2000 | cut -f 1-6 | gzip -n >region.gz
samtools view short.bam | head -n 1 >first || [ $? = 141 ] # whose reader leaves
samtools view -R 'no such' short.bam 2>missing >/dev/null && exit 1 || echo $? >>missing
