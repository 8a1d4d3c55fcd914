"""What each stage of the pipeline does: frozen tasks in, files out. The order of the stages is in builder.pipeline."""
