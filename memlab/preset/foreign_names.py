"""Names that other tools give to memlab's settings, for hints in errors."""

FOREIGN_NAMES = {
    "optimizer.lr": "learning_rate lr_max max_lr base_lr alpha step_size",
    "optimizer.weight_decay": "wd weight_decay_rate l2 l2_penalty decay",
    "optimizer.betas": "beta1 beta2 adam_beta1 adam_beta2 adam_betas",
    "optimizer.eps": "epsilon adam_epsilon adam_eps",
    "optimizer.warmup_steps": "warmup warmup_iters num_warmup_steps warmup_ratio lr_warmup_steps",
    "optimizer.schedule": "lr_scheduler lr_scheduler_type scheduler lr_schedule decay_lr lr_decay",
    "optimizer.clip_grad_norm": "grad_clip max_grad_norm gradient_clip_val clip clip_grad gradient_clipping",
    "optimizer.kind": "optim optimizer_type optimizer_name",
    "training.batch_size": "bs batch batchsize per_device_train_batch_size train_batch_size",
    "training.micro_batch_size": "micro_batch gradient_accumulation_steps grad_accum",
    "training.epochs": "num_epochs num_train_epochs n_epochs max_epochs",
    "training.steps": "max_steps num_steps max_iters n_steps total_steps iterations num_iterations num_train_steps",
    "training.seed": "random_seed random_state manual_seed",
    "training.patience": "early_stopping early_stopping_patience",
    "training.label_smoothing": "label_smoothing_factor smoothing",
    "training.loss_dtype": "dtype precision",
    "model.n_layers": "n_layer num_layers num_hidden_layers depth layers",
    "model.n_heads": "n_head num_heads num_attention_heads heads",
    "model.d_model": "n_embd hidden_size embed_dim embedding_dim emb_dim dim width",
    "model.d_mlp": "d_ff ffn_dim n_inner intermediate_size mlp_dim d_hidden",
    "model.n_ctx": "block_size context_length seq_len max_seq_len n_positions max_position_embeddings",
    "model.dropout": "drop_rate dropout_rate resid_pdrop attn_pdrop p_dropout",
    "model.norm": "norm_type normalization normalization_type layer_norm",
    "model.positions": "pos_emb position_embedding position_embedding_type pos_encoding",
    "model.activation": "act_fn activation_function hidden_act act nonlinearity",
    "model.tie_embeddings": "tie_weights tie_word_embeddings weight_tying",
    "model.init_std": "initializer_range init_scale",
    "task.modulus": "p prime mod",
    "task.train_fraction": "frac_train train_frac train_ratio train_size training_fraction",
    "task.operation": "op operator binary_operation",
    "evaluation.every": "eval_interval eval_steps eval_every eval_freq val_check_interval",
    "evaluation.samples": "n_samples num_samples",
}  # fmt: skip
"""memlab's key -> names in PyTorch, transformers, Lightning, nanoGPT, llm.c and papers"""

_KEYS = {name: key for key, names in FOREIGN_NAMES.items() for name in names.split()}


def memlab_key(name: str) -> str | None:
    """memlab's key for a setting that another tool calls `name`."""
    return _KEYS.get(name.lower().replace("-", "_"))
