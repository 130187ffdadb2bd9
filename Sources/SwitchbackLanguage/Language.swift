// Tokenizers and models for language.
